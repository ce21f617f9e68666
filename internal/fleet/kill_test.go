//go:build unix

package fleet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// crowdKills is how many workers of a crowd die at the most: on a machine on which none lives long enough to get on, the
// work would never end.
const crowdKills = 25

// crowd keeps a number of workers running, kills them, and starts others, until ctx ends or enough were killed.
func crowd(ctx context.Context, t *testing.T, workers int, playing part, between func(*rand.Rand) time.Duration) (kills func() int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(workers)))
	list := make([]*process, workers)
	for i := range list {
		list[i] = start(t, playing)
	}
	killed, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		for killed < crowdKills && pause(ctx, between(random)) == nil {
			i := random.IntN(workers)
			if !list[i].ended() {
				list[i].kill()
				killed++
			}
			if ctx.Err() == nil {
				list[i] = start(t, playing)
			}
		}
	}()
	return func() int { <-done; return killed }
}

func TestWorkersKilledAtRandomTimesLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	const units = 120
	ctx := within(t, 3*time.Minute)
	fleet, err := Open(ctx, Options{Name: "test", Folder: t.TempDir(), Listen: "127.0.0.1:0", Token: testToken, Lease: testLease})
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	log := logFile(t)
	working, rest := context.WithCancel(ctx)
	kills := crowd(working, t, 3, part{Role: "worker", URLs: []string{fleet.Address()}, Log: log}, func(random *rand.Rand) time.Duration {
		return time.Duration(100+random.IntN(400)) * time.Millisecond
	})
	sum, err := gatherAll(ctx, fleet, units)
	rest()
	t.Logf("%d workers killed", kills())
	if err != nil {
		t.Fatal(err)
	}
	if sum != truth(units) {
		t.Errorf("the units sum up to %d, not %d", sum, truth(units))
	}
	checkCommits(t, log)
}

func TestALeaderKilledWithItsServerGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	const units = 150
	ctx := within(t, 3*time.Minute)
	port, log := labtest.FreePorts(t, 1)[0], logFile(t)
	leading := part{Role: "leader", Folder: t.TempDir(), Listen: fmt.Sprintf("127.0.0.1:%d", port), Result: filepath.Join(t.TempDir(), "sum"), Units: units}
	workers := part{Role: "worker", URLs: []string{fmt.Sprintf("nats://127.0.0.1:%d", port)}, Log: log}
	leader := start(t, leading)
	first, second := start(t, workers), start(t, workers)
	random := rand.New(rand.NewPCG(2, 2))
	kills := 0
	for !leader.ended() {
		if kills < 5 {
			if pause(ctx, time.Duration(200+random.IntN(1200))*time.Millisecond) != nil {
				break
			}
			leader.kill()
			kills++
			leader = start(t, leading)
			continue
		}
		select {
		case <-leader.done:
		case <-ctx.Done():
			t.Fatal("the job does not end")
		}
	}
	if leader.err != nil {
		t.Fatalf("the leader, killed %d times: %v\n%s", kills, leader.err, leader.output.String())
	}
	if kills < 3 {
		t.Errorf("the leader was killed only %d times", kills)
	}
	sum, err := os.ReadFile(leading.Result)
	if err != nil {
		t.Fatal(err)
	}
	if string(sum) != fmt.Sprint(truth(units)) {
		t.Errorf("the units sum up to %s, not %d", sum, truth(units))
	}
	first.kill()
	second.kill()
	checkCommits(t, log)
}

func TestOneOfThreeServersKilledLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	const units = 150
	ctx := within(t, 5*time.Minute)
	ports := labtest.FreePorts(t, 6)
	servers, parts, urls := make([]*process, 3), make([]part, 3), make([]string, 3)
	for i := range servers {
		parts[i] = part{Role: "server", Name: fmt.Sprintf("server-%d", i), Folder: t.TempDir(), Client: ports[i], Route: ports[3+i], Routes: ports[3:]}
		urls[i] = fmt.Sprintf("nats://127.0.0.1:%d", ports[i])
		servers[i] = start(t, parts[i])
	}
	fleet, err := Open(ctx, Options{Name: "test", URLs: urls, Token: testToken, Lease: testLease, Replicas: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	log := logFile(t)
	for range 2 {
		start(t, part{Role: "worker", URLs: urls, Log: log})
	}
	working, rest := context.WithCancel(ctx)
	done := make(chan int)
	go func() {
		random := rand.New(rand.NewPCG(3, 3))
		kills := 0
		for pause(working, time.Duration(1500+random.IntN(1500))*time.Millisecond) == nil {
			i := random.IntN(len(servers))
			servers[i].kill()
			kills++
			if pause(working, time.Second) != nil {
				break
			}
			servers[i] = parts[i].startWhole(working, t) // two of three must always be there
		}
		done <- kills
	}()
	sum, err := gatherAll(ctx, fleet, units)
	rest()
	kills := <-done
	t.Logf("%d servers killed", kills)
	if err != nil {
		t.Fatal(err)
	}
	if kills == 0 {
		t.Error("the job was over before a server was killed")
	}
	if sum != truth(units) {
		t.Errorf("the units sum up to %d, not %d", sum, truth(units))
	}
	checkCommits(t, log)
}

func TestAWorkerThatWasAsleepForLongCannotCommitWhatAnotherTookOver(t *testing.T) {
	t.Parallel()
	const units = 1
	ctx := within(t, 2*time.Minute)
	fleet, err := Open(ctx, Options{Name: "test", Folder: t.TempDir(), Listen: "127.0.0.1:0", Token: testToken, Lease: testLease})
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	job, err := fleet.Lead(ctx, countingJob, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Put(ctx, spans(units)); err != nil {
		t.Fatal(err)
	}
	// So slow that it cannot be done before it is put to sleep.
	sleeping := part{Role: "worker", URLs: []string{fleet.Address()}, Log: logFile(t), Step: time.Second}
	sleeper := start(t, sleeping)
	for taken := false; !taken; {
		var now entry
		if _, taken, err = fleet.value(ctx, job.state, key("unit 0"), &now); err != nil {
			t.Fatal(err)
		}
	}
	if err := sleeper.command.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	log := logFile(t)
	start(t, part{Role: "worker", URLs: sleeping.URLs, Log: log})
	sum, err := gatherAll(ctx, fleet, units)
	if err != nil || sum != truth(units) {
		t.Fatalf("%d instead of %d: %v", sum, truth(units), err)
	}
	if err := sleeper.command.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-sleeper.done:
	case <-ctx.Done():
		t.Fatal("the sleeper does not end")
	}
	told, err := os.ReadFile(sleeping.Log)
	if err != nil || strings.TrimSpace(string(told)) != "lost unit 0" {
		t.Errorf("the sleeper tells %q (%v)\n%s", told, err, sleeper.output.String())
	}
	checkCommits(t, log)
}
