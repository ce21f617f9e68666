package steps_test

// chaos_test.go answers: does a real move end the same, whatever is killed at whatever time? The leader, two workers and
// the servers of an external NATS cluster are real processes and die by kill -9; what the target then holds is read by code
// that shares nothing with the program.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

const (
	// chaosRounds names the environment variable that says how many rounds are run; one by default.
	chaosRounds = "HIKKOSHI_CHAOS_ROUNDS"
	// chaosSeed names the one that repeats a run.
	chaosSeed  = "HIKKOSHI_CHAOS_SEED"
	playServer = "HIKKOSHI_TEST_PLAY_NATS"
	chaosToken = "only-for-tests-0123456789"
	// chaosKills is how many processes die in a round at the most.
	chaosKills = 10
	// chaosPatience bounds a round on a machine that has much else to do.
	chaosPatience = 6 * time.Minute
)

// natsServer is one of three servers of an external cluster, played by this test binary.
type natsServer struct {
	Name, Folder string
	// Whole is the file that it makes once it has caught up with the others.
	Whole         string
	Client, Route int
	Routes        []int
}

func TestMain(m *testing.M) {
	if text := os.Getenv(playServer); text != "" {
		if err := serveNATS(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func serveNATS(text string) error {
	var playing natsServer
	if err := json.Unmarshal([]byte(text), &playing); err != nil {
		return err
	}
	settings := &server.Options{ServerName: playing.Name, JetStream: true, StoreDir: playing.Folder, SyncAlways: true, NoLog: true, NoSigs: true, Host: "127.0.0.1", Port: playing.Client,
		Authorization: chaosToken, Cluster: server.ClusterOpts{Name: "chaos", Host: "127.0.0.1", Port: playing.Route}}
	for _, route := range playing.Routes {
		settings.Routes = append(settings.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", route)})
	}
	made, err := server.NewServer(settings)
	if err != nil {
		return err
	}
	made.Start()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for made.Healthz(nil).StatusCode != http.StatusOK && ctx.Err() == nil {
		time.Sleep(50 * time.Millisecond)
	}
	if err := os.WriteFile(playing.Whole, nil, 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	made.Shutdown()
	return nil
}

// victim is a process that is killed and started again.
type victim struct {
	name    string
	make    func() *exec.Cmd
	command *exec.Cmd
	output  *bytes.Buffer
	done    chan error
	// whole is the file that tells when a server has caught up with the others; "" of other processes.
	whole string
}

func (v *victim) start(t *testing.T) {
	t.Helper()
	v.command, v.output, v.done = v.make(), &bytes.Buffer{}, make(chan error, 1)
	v.command.Stdout, v.command.Stderr = v.output, v.output
	if err := v.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func(command *exec.Cmd, done chan error) { done <- command.Wait() }(v.command, v.done)
}

// kill ends it without a word, and says whether it was still there.
func (v *victim) kill() bool {
	_ = v.command.Process.Kill() // it may be gone already
	err := <-v.done
	v.done <- err
	var exit *exec.ExitError
	return errors.As(err, &exit) && !exit.Exited()
}

// stage is two nodes and the program, for any number of rounds.
type stage struct {
	folder, program string
	source, target  *lab.Node
	random          *rand.Rand
}

func TestAMoveInWhichEveryProcessIsKilledAtRandomTimesEndsAsIfNothingHadHappened(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	rounds, seed := number(t, chaosRounds, 1), number(t, chaosSeed, 1)
	s := newStage(t, seed)
	s.source, s.target = labtest.Pair(t, "2.3.2", "7.10.2", s.folder)
	s.fill(t)
	want := s.round(t, "calm", nil, 0)
	if count := strings.Count(want, "\n"); count < 2000 {
		t.Fatalf("the target holds only %d documents after an undisturbed move", count)
	}
	s.compareNginx(t, want)
	kills := map[string]int{}
	for round := range rounds {
		external := round%2 == 1 || rounds == 1 // one round of each at least where there are two
		got := s.round(t, fmt.Sprintf("round%d", round+1), kills, map[bool]int{true: 3}[external])
		if digest(got) != digest(want) {
			t.Errorf("round %d, seed %d: the target is not what it should be:\n%s", round+1, seed, firstDifference(want, got))
		}
		t.Logf("round %d: digest %s; killed so far: %v", round+1, digest(got)[:16], kills)
	}
}

// newStage builds the program; its nodes are the caller's.
func newStage(t *testing.T, seed int) *stage {
	t.Helper()
	s := &stage{folder: t.TempDir(), random: rand.New(rand.NewPCG(uint64(seed), 5))}
	s.program = filepath.Join(s.folder, "hikkoshi")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.program, "github.com/hikkoshi/hikkoshi/cmd/hikkoshi").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	return s
}

// fill generates what is moved.
func (s *stage) fill(t *testing.T) {
	t.Helper()
	if _, err := lab.Generate(t.Context(), s.source.URL(), "2.3.2", lab.Data{Seed: 6, NginxDocs: 2000, Days: 4, Odd: true}); err != nil {
		t.Fatal(err)
	}
}

// plan plans a move to an empty target, and gives its file.
func (s *stage) plan(t *testing.T, name string) (config string) {
	t.Helper()
	s.empty(t)
	config = filepath.Join(s.folder, name+".yaml")
	text := fmt.Sprintf("name: %s\nsource: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\nindices: {closed: skip, exclude: [nosource]}\naccept: [es5_timestamp, preflight]\nload: {max_rate: 400}\n",
		name, s.source.URL(), s.target.URL(), filepath.Join(s.folder, "repository"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := s.hikkoshi("plan", "-c", config, "--yes").CombinedOutput(); err != nil {
		t.Fatalf("plan: %v\n%s", err, output)
	}
	return config
}

func number(t *testing.T, name string, fallback int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}

// round makes one move and gives what the target then holds. With kills, processes die; servers is how many servers the
// external NATS cluster has, 0 for the embedded one.
func (s *stage) round(t *testing.T, name string, kills map[string]int, servers int) string {
	t.Helper()
	config := s.plan(t, name)
	reach, victims := s.servers(t, servers)
	leader := &victim{name: "leader", make: func() *exec.Cmd {
		return s.hikkoshi(append([]string{"apply", "-c", config, "--yes", "-q"}, reach.lead...)...)
	}}
	leader.start(t)
	workers := []*victim{}
	if kills != nil {
		for range 2 {
			worker := &victim{name: "worker", make: func() *exec.Cmd { return s.hikkoshi(append([]string{"worker", "-q"}, reach.join...)...) }}
			worker.start(t)
			workers = append(workers, worker)
		}
		s.disturb(t, leader, append(append(victims, workers...), leader), kills)
	}
	select {
	case err := <-leader.done:
		// 3 says that documents are set aside, as they must be.
		if code := leader.command.ProcessState.ExitCode(); code != 0 && code != 3 {
			for _, worker := range workers {
				t.Logf("a worker says:\n%s", worker.output)
			}
			t.Fatalf("%s: apply ends with %v\n%s", name, err, leader.output)
		}
	case <-time.After(chaosPatience):
		leader.kill()
		t.Fatalf("%s does not end:\n%s", name, leader.output)
	}
	for _, one := range append(victims, workers...) {
		one.kill()
	}
	if _, err := os.Stat(filepath.Join(s.folder, ".hikkoshi", name, "fleet")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the fleet's folder stays behind (%v)", err)
	}
	return s.read(t, s.target.URL()) + s.quarantine(t, name)
}

// disturb kills one process after the other, and starts each again, until the leader is done or enough is.
func (s *stage) disturb(t *testing.T, leader *victim, victims []*victim, kills map[string]int) {
	t.Helper()
	for range chaosKills {
		select {
		case err := <-leader.done:
			leader.done <- err
			return
		case <-time.After(time.Duration(200+s.random.IntN(1800)) * time.Millisecond):
		}
		one := victims[s.random.IntN(len(victims))]
		if one == leader && len(leader.done) > 0 {
			return
		}
		if one.kill() {
			kills[one.name]++
		} else if one == leader {
			return
		}
		_ = os.Remove(one.whole) // of the one before
		one.start(t)
		if one.whole == "" {
			continue
		}
		for begun := time.Now(); time.Since(begun) < chaosPatience; time.Sleep(50 * time.Millisecond) {
			if _, err := os.Stat(one.whole); err == nil { // two of three must be there before the next may die
				break
			}
		}
	}
}

// reaching is how the leader and the workers reach NATS.
type reaching struct{ lead, join []string }

// servers starts an external cluster, or says how workers join the leader's own server.
func (s *stage) servers(t *testing.T, count int) (reaching, []*victim) {
	t.Helper()
	ports := labtest.FreePorts(t, max(1, 2*count))
	if count == 0 {
		address := fmt.Sprintf("127.0.0.1:%d", ports[0])
		return reaching{lead: []string{"--listen", address}, join: []string{"--nats", "nats://" + address}}, nil
	}
	var victims []*victim
	var addresses []string
	for i := range count {
		whole := filepath.Join(t.TempDir(), "whole")
		encoded, err := json.Marshal(natsServer{Name: fmt.Sprint("server-", i), Folder: t.TempDir(), Whole: whole, Client: ports[i], Route: ports[count+i], Routes: ports[count:]})
		if err != nil {
			t.Fatal(err)
		}
		one := &victim{name: "server", whole: whole, make: func() *exec.Cmd {
			command := exec.Command(os.Args[0])
			command.Env = append(os.Environ(), playServer+"="+string(encoded))
			return command
		}}
		one.start(t)
		t.Cleanup(func() { one.kill() })
		victims = append(victims, one)
		addresses = append(addresses, fmt.Sprintf("nats://127.0.0.1:%d", ports[i]))
	}
	join := []string{"--nats", strings.Join(addresses, ",")}
	return reaching{lead: append([]string{"--replicas", fmt.Sprint(count)}, join...), join: join}, victims
}

func (s *stage) hikkoshi(arguments ...string) *exec.Cmd {
	command := exec.Command(s.program, arguments...)
	command.Env = append(os.Environ(), "HIKKOSHI_FLEET_TOKEN="+chaosToken, "HIKKOSHI_FLEET_LEASE=3s")
	return command
}

// empty deletes everything on the target.
func (s *stage) empty(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/_all", "/_template/*"} {
		labtest.Ask(t, http.MethodDelete, s.target.URL()+path, "") // there may be none
	}
}

// found is one document as a search gives it.
type found struct {
	Index   string          `json:"_index"`
	Type    string          `json:"_type"`
	ID      string          `json:"_id"`
	Routing string          `json:"_routing"`
	Version int64           `json:"_version"`
	Source  json.RawMessage `json:"_source"`
}

// read gives every document of a cluster, one a line, in order.
func (s *stage) read(t *testing.T, address string) string {
	t.Helper()
	labtest.Call(t, http.MethodPost, address+"/_refresh", "")
	var page struct {
		Scroll string `json:"_scroll_id"`
		Hits   struct{ Hits []found }
	}
	var lines []string
	body := labtest.Call(t, http.MethodPost, address+"/_all/_search?scroll=2m&version=true&size=1000", `{"query":{"match_all":{}}}`)
	for {
		page.Hits.Hits = nil
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		if len(page.Hits.Hits) == 0 {
			break
		}
		for _, hit := range page.Hits.Hits {
			lines = append(lines, fmt.Sprintf("%s %q %q v%d %s\n", hit.Index, hit.ID, hit.Routing, hit.Version, hit.Source))
		}
		body = labtest.Call(t, http.MethodPost, address+"/_search/scroll", fmt.Sprintf(`{"scroll":"2m","scroll_id":%q}`, page.Scroll))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// quarantine names what was set aside, in order.
func (s *stage) quarantine(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.folder, ".hikkoshi", name, "quarantine.ndjson"))
	if err != nil {
		t.Fatalf("what must be set aside is not: %v", err)
	}
	var lines []string
	for line := range strings.Lines(string(content)) {
		var one struct{ Index, Type, ID string }
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("set aside: %s %s %q\n", one.Index, one.Type, one.ID))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// compareNginx wants the lines of nginx, which no rule changes, on the target as the source has them.
func (s *stage) compareNginx(t *testing.T, target string) {
	t.Helper()
	only := func(text string) (lines []string) {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "nginx-access-") {
				lines = append(lines, line)
			}
		}
		return lines
	}
	from, to := only(s.read(t, s.source.URL())), only(target)
	if len(from) < 2000 || !slices.Equal(from, to) {
		t.Errorf("the source holds %d lines of nginx, the target %d, and they are not the same:\n%s", len(from), len(to), firstDifference(strings.Join(from, ""), strings.Join(to, "")))
	}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func firstDifference(want, got string) string {
	wanted, found := strings.SplitAfter(want, "\n"), strings.SplitAfter(got, "\n")
	for i := range min(len(wanted), len(found)) {
		if wanted[i] != found[i] {
			return fmt.Sprintf("want %.300s\n got %.300s", wanted[i], found[i])
		}
	}
	return fmt.Sprintf("%d lines and %d", len(wanted), len(found))
}
