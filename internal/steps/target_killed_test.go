package steps_test

import (
	"context"
	"net/url"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// targetKills is how often the target dies in one move at the most.
const targetKills = 5

func TestAMoveWhoseTargetIsKilledAtRandomTimesEndsAsIfNothingHadHappened(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	s := newStage(t, number(t, chaosSeed, 1))
	s.source = labtest.Node(t, "2.3.2", s.folder)
	options := lab.Options{Version: "7.10.2", DataDir: t.TempDir(), ClusterName: "killed", RepoDirs: []string{s.folder}}
	s.target = labtest.NodeWith(t, options)
	address, err := url.Parse(s.target.URL())
	if err != nil {
		t.Fatal(err)
	}
	if options.Port, err = strconv.Atoi(address.Port()); err != nil {
		t.Fatal(err)
	}
	s.fill(t)
	want := s.round(t, "calm", nil, 0)
	config := s.plan(t, "killed")
	leader := &victim{name: "leader", make: func() *exec.Cmd { return s.hikkoshi("apply", "-c", config, "--yes", "-q") }}
	leader.start(t)
	kills, again := 0, 0
	for ended := false; !ended; {
		wait := chaosPatience
		if kills < targetKills {
			wait = time.Duration(1000+s.random.IntN(5000)) * time.Millisecond
		}
		select {
		case err := <-leader.done:
			// 3 says that documents are set aside, as they must be; 1 that something besides the load met a dead target.
			switch code := leader.command.ProcessState.ExitCode(); {
			case code == 0 || code == 3:
				ended = true
			case code == 1 && again < kills:
				again++
				t.Logf("run again after %v:\n%s", err, leader.output)
				leader.start(t)
			default:
				t.Fatalf("apply ends with %v after %d kills, run again %d times:\n%s", err, kills, again, leader.output)
			}
		case <-time.After(wait):
			if kills == targetKills {
				leader.kill()
				t.Fatalf("it does not end:\n%s", leader.output)
			}
			kills++
			s.target.Kill()
			if s.target, err = lab.Start(t.Context(), options); err != nil {
				t.Fatal(err)
			}
			started := s.target
			t.Cleanup(func() { _ = started.Stop(context.Background()) }) // killed or not, the test has its verdict
		}
	}
	if got := s.read(t, s.target.URL()) + s.quarantine(t, "killed"); digest(got) != digest(want) {
		t.Errorf("after %d kills the target is not what it should be:\n%s", kills, firstDifference(want, got))
	}
	if kills == 0 {
		t.Error("the move was over before the target was killed")
	}
	t.Logf("the target was killed %d times, apply run again %d times", kills, again)
}
