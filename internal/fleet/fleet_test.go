package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// open opens an embedded fleet for one test.
func open(t *testing.T, options Options) *Fleet {
	t.Helper()
	options.Name = "test"
	if options.Folder == "" && len(options.URLs) == 0 {
		options.Folder = t.TempDir()
	}
	if options.Lease == 0 {
		options.Lease = testLease
	}
	fleet, err := Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fleet.Close)
	return fleet
}

// lead makes a job of some units and says that these are all.
func lead(t *testing.T, fleet *Fleet, units int) *Job {
	t.Helper()
	job, err := fleet.Lead(t.Context(), countingJob, []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(job.Put(t.Context(), spans(units)), job.Fill(t.Context(), units)); err != nil {
		t.Fatal(err)
	}
	return job
}

func next(t *testing.T, job *Job) *Lease {
	t.Helper()
	lease, err := job.Next(within(t, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

func TestAReleasedUnitIsTakenAtOnceAndGoesOnAtItsCheckpoint(t *testing.T) {
	t.Parallel()
	job := lead(t, open(t, Options{Lease: time.Hour}), 1)
	first := next(t, job)
	if err := errors.Join(first.Save(t.Context(), json.RawMessage(`1`)), first.Save(t.Context(), json.RawMessage(`2`)), first.Release(t.Context())); err != nil {
		t.Fatal(err)
	}
	second := next(t, job) // the lease of an hour is not waited for
	if string(second.Checkpoint) != "2" {
		t.Errorf("the checkpoint is %s", second.Checkpoint)
	}
	if err := first.Commit(t.Context(), json.RawMessage(`"first"`)); !errors.Is(err, ErrLost) {
		t.Errorf("who gave a unit back can commit it: %v", err)
	}
	if err := second.Commit(t.Context(), json.RawMessage(`"second"`)); err != nil {
		t.Fatal(err)
	}
	var result string
	if err := job.Gather(t.Context(), func(news News) error { return json.Unmarshal(news.Result, &result) }); err != nil || result != "second" {
		t.Errorf("the result is %q (%v)", result, err)
	}
	if _, err := job.Next(t.Context()); !errors.Is(err, ErrJobOver) {
		t.Errorf("a job that is done hands out more: %v", err)
	}
}

func TestCheckpointsLeaveSlowServersTimeForUnits(t *testing.T) {
	t.Parallel()
	job := lead(t, open(t, Options{Lease: time.Hour, SaveEvery: time.Nanosecond}), 1)
	lease := next(t, job)
	written := func() (now entry) {
		if _, _, err := job.fleet.value(t.Context(), job.state, key(lease.Unit.ID), &now); err != nil {
			t.Fatal(err)
		}
		return now
	}
	lease.mutex.Lock()
	lease.took = time.Hour
	lease.mutex.Unlock()
	if err := lease.Save(t.Context(), json.RawMessage(`1`)); err != nil || written().Checkpoint != nil {
		t.Errorf("a checkpoint was written right behind a slow write: %s %v", written().Checkpoint, err)
	}
	lease.mutex.Lock()
	lease.took = 0
	lease.mutex.Unlock()
	// The heartbeat may write just now, and be the slow write for this one: then it is postponed as well, and comes.
	if err := lease.Save(t.Context(), json.RawMessage(`2`)); err != nil {
		t.Error(err)
	}
	ctx := within(t, time.Minute)
	for string(written().Checkpoint) != `2` {
		if err := pause(ctx, time.Millisecond); err != nil {
			t.Fatalf("the checkpoint never came: %v", err)
		}
	}
}

func TestAUnitThatAlwaysFailsStopsItsJobAndIsForgivenWhenItIsLedAgain(t *testing.T) {
	t.Parallel()
	fleet := open(t, Options{Failures: 2})
	job := lead(t, fleet, 1)
	for range 2 {
		if err := next(t, job).Fail(t.Context(), errors.New("the disk is full")); err != nil {
			t.Fatal(err)
		}
	}
	err := job.Gather(t.Context(), func(News) error { return nil })
	var failed *UnitError
	if !errors.Is(err, ErrPoisoned) || !errors.As(err, &failed) || failed.Unit != "unit 0" || failed.Message != "the disk is full" {
		t.Fatalf("the job ends with %v", err)
	}
	if _, err := job.Next(t.Context()); !errors.Is(err, ErrJobOver) {
		t.Errorf("a stopped job hands out more: %v", err)
	}
	again := lead(t, fleet, 1)
	if err := next(t, again).Commit(t.Context(), json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := again.Gather(t.Context(), func(News) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestAUnitOverWhichWorkersDieWithoutGettingOnStopsItsJob(t *testing.T) {
	t.Parallel()
	fleet := open(t, Options{Lease: 200 * time.Millisecond, Deaths: 2, SaveEvery: time.Hour})
	job := lead(t, fleet, 1)
	for range 3 {
		lease := next(t, job)
		lease.cancel(nil) // its heartbeats end, as if its process were gone
		lease.ended.Wait()
	}
	go func() { _, _ = job.Next(t.Context()) }() // the next worker finds out
	if err := job.Gather(within(t, time.Minute), func(News) error { return nil }); !errors.Is(err, ErrPoisoned) {
		t.Errorf("the job ends with %v", err)
	}
}

func TestUnitsThatArePutInTwiceAreDoneOnce(t *testing.T) {
	t.Parallel()
	fleet := open(t, Options{Lease: time.Hour}) // none ends while this machine is busy with other things
	job, err := fleet.Lead(t.Context(), countingJob, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Put(t.Context(), spans(3)); err != nil {
		t.Fatal(err)
	}
	taken := next(t, job)
	if err := taken.Commit(t.Context(), json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	held := next(t, job)
	// The leader comes back from a crash, cuts the same units and puts them in again: one done, one in hand, one waiting.
	if job, err = fleet.Lead(t.Context(), countingJob, nil); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(job.Put(t.Context(), spans(3)), job.Fill(t.Context(), 3)); err != nil {
		t.Fatal(err)
	}
	last := next(t, job)
	if ids := []string{taken.Unit.ID, held.Unit.ID, last.Unit.ID}; len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 3 {
		t.Errorf("handed out were %v", ids)
	}
	idle, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if more, err := job.Next(idle); err == nil {
		t.Errorf("%s was handed out again", more.Unit.ID)
	}
	if err := errors.Join(held.Commit(t.Context(), json.RawMessage(`{}`)), last.Commit(t.Context(), json.RawMessage(`{}`))); err != nil {
		t.Fatal(err)
	}
	if err := job.Gather(t.Context(), func(News) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestNoPortOpensWithoutASecretAndAWrongOneIsTold(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", "short"} {
		if _, err := Open(t.Context(), Options{Name: "test", Folder: t.TempDir(), Listen: "127.0.0.1:0", Token: token}); !errors.Is(err, ErrNoToken) {
			t.Errorf("with the token %q: %v", token, err)
		}
	}
	silent := open(t, Options{})
	if silent.Address() != "" {
		t.Errorf("a server that nobody asked to listen listens on %s", silent.Address())
	}
	folder := t.TempDir()
	listening := open(t, Options{Listen: "127.0.0.1:0", Token: testToken, Folder: folder})
	for _, token := range []string{"", "not-the-token-0123456789"} {
		if _, err := Open(t.Context(), Options{Name: "test", URLs: []string{listening.Address()}, Join: true, Token: token}); !errors.Is(err, ErrRefusedToken) {
			t.Errorf("joining with the token %q: %v", token, err)
		}
	}
	lead(t, listening, 1)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(testToken)) {
			t.Errorf("%s holds the token", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAPortThatIsTakenIsAnErrorAndNoEmptyFleet(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := Open(t.Context(), Options{Name: "test", Folder: t.TempDir(), Listen: listener.Addr().String(), Token: testToken}); err == nil {
		t.Error("a taken port is no error")
	}
}

func TestBlobsLargerThanAnyMessageAndAPayloadComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	fleet := open(t, Options{Listen: "127.0.0.1:0", Token: testToken})
	job := lead(t, fleet, 1)
	large := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16*1)
	joined, err := Open(t.Context(), Options{URLs: []string{fleet.Address()}, Join: true, Token: testToken}) // it finds the only fleet there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(joined.Close)
	entered, err := joined.Enter(t.Context(), countingJob)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := entered.Payload(t.Context())
	if err != nil || string(payload) != "payload" {
		t.Errorf("the payload is %q (%v)", payload, err)
	}
	for range 2 { // a worker that comes back stores the same again
		if err := entered.PutBlob(t.Context(), "aside/ä b", large); err != nil {
			t.Fatal(err)
		}
	}
	if content, err := job.Blob(t.Context(), "aside/ä b"); err != nil || !bytes.Equal(content, large) {
		t.Errorf("%d bytes came back of %d (%v)", len(content), len(large), err)
	}
}

func TestAllWorkersHearOfControlValuesAndAreListedWhileTheyLive(t *testing.T) {
	t.Parallel()
	fleet := open(t, Options{Listen: "127.0.0.1:0", Token: testToken})
	if err := fleet.SetControl(t.Context(), "limits", 1); err != nil {
		t.Fatal(err)
	}
	joined := open(t, Options{URLs: []string{fleet.Address()}, Join: true, Token: testToken, Worker: "far away"})
	ctx, leave := context.WithCancel(t.Context())
	heard := make(chan string, 10)
	go func() {
		_ = joined.WatchControl(ctx, "limits", func(value json.RawMessage) { heard <- string(value) })
	}()
	if first := <-heard; first != "1" {
		t.Errorf("who joins late hears %s", first)
	}
	if err := fleet.SetControl(t.Context(), "limits", 2); err != nil {
		t.Fatal(err)
	}
	if second := <-heard; second != "2" {
		t.Errorf("the change is heard as %s", second)
	}
	gone := make(chan struct{})
	go func() {
		joined.Appear(ctx, func() any { return map[string]int{"units": 7} })
		close(gone)
	}()
	list := waitForWorkers(t, fleet, 1)
	if list[0].Name != "far away" || string(list[0].Status) != `{"units":7}` {
		t.Errorf("listed is %+v", list)
	}
	leave()
	<-gone
	waitForWorkers(t, fleet, 0)
}

func waitForWorkers(t *testing.T, fleet *Fleet, count int) []Worker {
	t.Helper()
	for limit := within(t, 20*time.Second); ; {
		list, err := fleet.Workers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == count {
			return list
		}
		if err := pause(limit, 20*time.Millisecond); err != nil {
			t.Fatalf("listed are %+v, not %d", list, count)
		}
	}
}

func TestARemovedJobLeavesNothingAndMayBeLedAnew(t *testing.T) {
	t.Parallel()
	fleet := open(t, Options{})
	job := lead(t, fleet, 1)
	if err := next(t, job).Commit(t.Context(), json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := job.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if names, err := fleet.Jobs(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("there are the jobs %q (%v)", names, err)
	}
	if _, err := fleet.Enter(t.Context(), countingJob); !errors.Is(err, ErrNoJob) {
		t.Errorf("a removed job can be entered: %v", err)
	}
	if lease := next(t, lead(t, fleet, 1)); lease.Checkpoint != nil {
		t.Error("the new job remembers the old one")
	}
}

func TestManySmallUnitsCostLittleEach(t *testing.T) {
	t.Parallel()
	units := 400
	fleet := open(t, Options{})
	job := lead(t, fleet, units)
	for range 4 {
		go func() {
			for {
				lease, err := job.Next(t.Context())
				if err != nil {
					return
				}
				_ = lease.Commit(lease.Context(), json.RawMessage(`{}`)) // an error shows as a unit that is never done
			}
		}()
	}
	began, done := time.Now(), 0
	err := job.Gather(within(t, 2*time.Minute), func(news News) error { done = max(done, news.DoneUnits); return nil })
	if err != nil || done != units {
		t.Fatalf("%d of %d: %v", done, units, err)
	}
	t.Log(fmt.Sprint((time.Since(began) / time.Duration(units)).Round(time.Microsecond)), "a unit")
}

func TestTooFewServersForTheReplicasAreWaitedFor(t *testing.T) {
	t.Parallel()
	fleet := &Fleet{}
	// As nats-server 2.15.2 answers while servers of a cluster are still finding each other.
	if answer := fmt.Errorf("create a bucket: %w", &jetstream.APIError{Code: 400, ErrorCode: 10005, Description: "no suitable peers for placement"}); !fleet.passing(answer) {
		t.Error("a cluster that is not whole yet counts as an answer")
	}
	if answer := fmt.Errorf("watch: %w", &nats.APIError{Code: 503, ErrorCode: 10008, Description: "JetStream system temporarily unavailable"}); !fleet.passing(answer) {
		t.Error("servers that have no leader yet, as the older half of the client says it, are an answer")
	}
	if answer := (&jetstream.APIError{Code: 400, ErrorCode: 10052, Description: "invalid"}); fleet.passing(answer) {
		t.Error("a refusal is tried again for ever")
	}
}

func TestABlobWhoseServerDiesIsSentAnewSoonAndALargeOneGetsMoreTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // whose clock only waiting moves
		fleet := &Fleet{options: Options{Notice: func(string) {}}}
		var left []time.Duration
		err := fleet.attemptBlob(t.Context(), "store a blob", func(ctx context.Context) error {
			deadline, _ := ctx.Deadline()
			left = append(left, time.Until(deadline))
			if len(left) < 4 {
				return context.DeadlineExceeded // as when no answer comes
			}
			return nil
		})
		if want := []time.Duration{tryPatience, 2 * tryPatience, 4 * tryPatience, 8 * tryPatience}; err != nil || !slices.Equal(left, want) {
			t.Errorf("%v: the tries had %v", err, left)
		}
	})
}
