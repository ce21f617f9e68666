package fleet

// processes_test.go makes this test binary be a worker, a leader or a NATS server, so that tests can kill real processes.

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	playEnvironment = "HIKKOSHI_TEST_PLAY_FLEET"
	testToken       = "only-for-tests-0123456789"
	testLease       = 1500 * time.Millisecond
	countingJob     = "counting"
)

// part is what a process plays.
type part struct {
	Role string
	// URLs or Folder and Listen reach the fleet; Log is where a worker tells what it did, Result where a leader writes it.
	URLs           []string
	Folder, Listen string
	Log, Result    string
	Units          int
	// Step is how long a worker counts at one number.
	Step time.Duration
	// Cluster, Name and Routes are a server's.
	Name   string
	Client int
	Route  int
	Routes []int
}

func TestMain(m *testing.M) {
	if text := os.Getenv(playEnvironment); text != "" {
		var playing part
		err := json.Unmarshal([]byte(text), &playing)
		if err == nil {
			err = playing.play()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func (p part) play() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	switch p.Role {
	case "worker":
		return p.work(ctx)
	case "leader":
		return p.lead(ctx)
	case "server":
		return p.serve(ctx)
	}
	return fmt.Errorf("nobody plays %s", p.Role)
}

// span is a unit of the counting job: what is to be summed up, and how far that is.
type span struct{ From, To, Position, Sum int64 }

const (
	spanLength = 40
	spanStep   = 3 * time.Millisecond
)

func spans(units int) []Unit {
	list := make([]Unit, 0, units)
	for i := range int64(units) {
		payload, _ := json.Marshal(span{From: i * spanLength, To: (i + 1) * spanLength, Position: i * spanLength})
		list = append(list, Unit{ID: fmt.Sprintf("unit %d", i), Payload: payload})
	}
	return list
}

// truth is the sum of all spans.
func truth(units int) (sum int64) {
	for i := range int64(units) * spanLength {
		sum += i * i
	}
	return sum
}

func (p part) work(ctx context.Context) error {
	fleet, err := Open(ctx, Options{Name: "test", URLs: p.URLs, Token: testToken, Join: true, Lease: testLease, SaveEvery: 20 * time.Millisecond, Worker: strconv.Itoa(os.Getpid())})
	if err != nil {
		return err
	}
	defer fleet.Close()
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	var job *Job
	for job == nil {
		if job, err = fleet.Enter(ctx, countingJob); errors.Is(err, ErrNoJob) {
			job = nil
			if err := pause(ctx, 50*time.Millisecond); err != nil {
				return nil
			}
		} else if err != nil {
			return err
		}
	}
	go fleet.Appear(ctx, func() any { return p.Role })
	var workers sync.WaitGroup
	failures := make(chan error, 2)
	for range 2 {
		workers.Go(func() { failures <- p.countAll(ctx, job, log) })
	}
	workers.Wait()
	return errors.Join(<-failures, <-failures)
}

// countAll takes units until there are none, or until it is told to stop.
func (p part) countAll(ctx context.Context, job *Job, log *os.File) error {
	for {
		lease, err := job.Next(ctx)
		if errors.Is(err, ErrJobOver) || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		err = count(lease, max(spanStep, p.Step))
		switch {
		case errors.Is(err, ErrLost), errors.Is(err, ErrJobOver):
			fmt.Fprintf(log, "lost %s\n", lease.Unit.ID)
		case ctx.Err() != nil:
			if err := lease.Release(context.WithoutCancel(ctx)); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			fmt.Fprintf(log, "committed %s\n", lease.Unit.ID)
		}
	}
}

func count(lease *Lease, step time.Duration) error {
	var work span
	if err := json.Unmarshal(lease.Unit.Payload, &work); err != nil {
		return err
	}
	if lease.Checkpoint != nil {
		if err := json.Unmarshal(lease.Checkpoint, &work); err != nil {
			return err
		}
	}
	for ; work.Position < work.To; work.Position++ {
		if err := pause(lease.Context(), step); err != nil {
			return err
		}
		checkpoint, _ := json.Marshal(work)
		if err := lease.Save(lease.Context(), checkpoint); err != nil {
			return err
		}
		work.Sum += work.Position * work.Position
	}
	result, _ := json.Marshal(work)
	return lease.Commit(lease.Context(), result)
}

func (p part) lead(ctx context.Context) error {
	fleet, err := Open(ctx, Options{Name: "test", Folder: p.Folder, Listen: p.Listen, Token: testToken, Lease: testLease})
	if err != nil {
		return err
	}
	defer fleet.Close()
	sum, err := gatherAll(ctx, fleet, p.Units)
	if err != nil {
		return err
	}
	// The file must be whole or not there: this process may be killed right now.
	if err := os.WriteFile(p.Result+".new", fmt.Append(nil, sum), 0o600); err != nil {
		return err
	}
	return os.Rename(p.Result+".new", p.Result)
}

// gatherAll leads the counting job and gives the sum of all results, each unit once.
func gatherAll(ctx context.Context, fleet *Fleet, units int) (int64, error) {
	job, err := fleet.Lead(ctx, countingJob, []byte("payload"))
	if err != nil {
		return 0, err
	}
	if _, filled := job.Filled(); !filled {
		if err := job.Put(ctx, spans(units)); err != nil {
			return 0, err
		}
		if err := job.Fill(ctx, units); err != nil {
			return 0, err
		}
	}
	results := map[string]int64{}
	err = job.Gather(ctx, func(news News) error {
		if !news.Done {
			return nil
		}
		var work span
		if err := json.Unmarshal(news.Result, &work); err != nil {
			return err
		}
		if known, twice := results[news.Unit]; twice && known != work.Sum {
			return fmt.Errorf("%s has two results: %d and %d", news.Unit, known, work.Sum)
		}
		results[news.Unit] = work.Sum
		return nil
	})
	if err != nil {
		return 0, err
	}
	if len(results) != units {
		return 0, fmt.Errorf("%d units have a result, not %d", len(results), units)
	}
	var sum int64
	for _, one := range results {
		sum += one
	}
	return sum, nil
}

// serve runs one of three NATS servers.
func (p part) serve(ctx context.Context) error {
	settings := &server.Options{ServerName: p.Name, JetStream: true, StoreDir: p.Folder, SyncAlways: true, NoLog: true, NoSigs: true,
		Host: "127.0.0.1", Port: p.Client, Authorization: testToken, Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: p.Route}}
	for _, route := range p.Routes {
		settings.Routes = append(settings.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", route)})
	}
	made, err := server.NewServer(settings)
	if err != nil {
		return err
	}
	made.Start()
	for made.Healthz(nil).StatusCode != http.StatusOK {
		if pause(ctx, 50*time.Millisecond) != nil {
			break
		}
	}
	if err := os.WriteFile(p.whole(), nil, 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	made.Shutdown()
	return nil
}

// whole is the file that a server makes once it has caught up with the others.
func (p part) whole() string { return p.Folder + "-whole" }

// startWhole starts a server anew and waits until it has caught up, or until ctx ends.
func (p part) startWhole(ctx context.Context, t *testing.T) *process {
	t.Helper()
	_ = os.Remove(p.whole()) // of the one before
	started := start(t, p)
	for pause(ctx, 50*time.Millisecond) == nil {
		if _, err := os.Stat(p.whole()); err == nil {
			break
		}
	}
	return started
}

// process is a running part.
type process struct {
	command *exec.Cmd
	done    chan struct{}
	err     error
	output  strings.Builder
}

func start(t *testing.T, playing part) *process {
	t.Helper()
	encoded, err := json.Marshal(playing)
	if err != nil {
		t.Fatal(err)
	}
	running := &process{command: exec.Command(os.Args[0]), done: make(chan struct{})}
	running.command.Env = append(os.Environ(), playEnvironment+"="+string(encoded))
	running.command.Stdout, running.command.Stderr = &running.output, &running.output
	if err := running.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		running.err = running.command.Wait()
		close(running.done)
	}()
	t.Cleanup(running.kill)
	return running
}

// kill ends a process as a power cut would, as far as the process can tell.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may be gone already
	<-p.done
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// checkCommits wants no unit in the workers' log committed twice.
func checkCommits(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seen, lost := map[string]int{}, 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if unit, committed := strings.CutPrefix(lines.Text(), "committed "); committed {
			if seen[unit]++; seen[unit] > 1 {
				t.Errorf("%s was committed %d times", unit, seen[unit])
			}
		} else {
			lost++
		}
	}
	t.Logf("%d units committed by workers that lived to tell, %d leases lost to others", len(seen), lost)
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func logFile(t *testing.T) string { return filepath.Join(t.TempDir(), "log") }
