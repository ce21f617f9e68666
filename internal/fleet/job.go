package fleet

// job.go answers: how does work go in, so that it can be put in again after any crash? Next: lease.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Unit is one piece of work. Its ID is the same whenever the job is cut again.
type Unit struct {
	ID      string          `json:"id"`
	Payload json.RawMessage `json:"payload"`
}

// JobState is how far a job is.
type JobState string

// The states of a job.
const (
	JobFilling JobState = "filling" // units are still put in; workers may begin
	JobOpen    JobState = "open"    // all units are in
	JobDone    JobState = "done"    // all units are committed
	JobStopped JobState = "stopped" // a unit failed too often
)

// jobRecord is what the control bucket holds of a job.
type jobRecord struct {
	Name  string   `json:"name"`
	State JobState `json:"state"`
	// Units is how many there are, once all are in.
	Units int    `json:"units,omitempty"`
	Error string `json:"error,omitempty"`
	// LeaseSeconds is the leader's lease, which joining workers take over.
	Lease time.Duration `json:"lease_ns"`
}

func (r jobRecord) over() bool { return r.State == JobDone || r.State == JobStopped }

// Job is a list of units that any number of workers share.
type Job struct {
	// Name tells it from the fleet's other jobs.
	Name string

	fleet    *Fleet
	lease    time.Duration
	consumer jetstream.Consumer
	state    jetstream.KeyValue
	blobs    jetstream.ObjectStore

	mutex  sync.Mutex
	record jobRecord
	looked time.Time
	filled chan struct{} // closed once all units are in; the leader's only
}

const (
	// publishAhead is how many units are on their way to the server at once.
	publishAhead = 512
	// pullsMost is how many workers may wait for a unit at once, underWayMost how many units may be leased: both above
	// what 200 machines of 64 processors each need.
	pullsMost    = 32 << 10
	underWayMost = 64 << 10
	jobKeys      = "job."
	payloadBlob  = "payload"
)

func (j *Job) prefix() string { return bucketName(j.fleet.options.Name) + "_" + key(j.Name)[:keyBytes] }

func (j *Job) subject(unit string) string { return j.prefix() + ".unit." + key(unit) }

// Lead creates a job, or goes on with it: what is committed stays committed, and what made it stop is forgotten. The
// payload is for the workers and may be of any size.
func (f *Fleet) Lead(ctx context.Context, name string, payload []byte) (*Job, error) {
	job := &Job{Name: name, fleet: f, lease: f.options.Lease, filled: make(chan struct{})}
	if err := job.create(ctx); err != nil {
		return nil, err
	}
	if err := job.PutBlob(ctx, payloadBlob, payload); err != nil {
		return nil, err
	}
	var record jobRecord
	_, found, err := f.value(ctx, f.control, job.recordKey(), &record)
	if err != nil {
		return nil, err
	}
	if record.State == JobStopped {
		if err := job.forgive(ctx); err != nil {
			return nil, err
		}
	}
	if !found {
		record.State = JobFilling
	}
	if record.State == JobStopped {
		record.State = JobFilling // its units may have been mended, so all are put in again
	}
	record.Name, record.Lease, record.Error = name, job.lease, ""
	return job, job.write(ctx, record)
}

// Others gives the fleet's jobs of other names: what an earlier run left behind when it was taken back.
func (j *Job) Others(ctx context.Context) ([]*Job, error) {
	names, err := j.fleet.jobs(ctx, func(jobRecord) bool { return true })
	if err != nil {
		return nil, err
	}
	var others []*Job
	for _, name := range names {
		if name != j.Name {
			others = append(others, &Job{Name: name, fleet: j.fleet})
		}
	}
	return others, nil
}

// create makes what the job needs on the servers, as far as it is not there.
func (j *Job) create(ctx context.Context) error {
	replicas := j.fleet.options.Replicas
	var stream jetstream.Stream
	err := j.fleet.attempt(ctx, "create the job "+j.Name, func(ctx context.Context) (err error) {
		stream, err = j.fleet.stream.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: j.prefix() + "_units", Subjects: []string{j.prefix() + ".unit.*"},
			Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, Replicas: replicas})
		return err
	})
	if err != nil {
		return err
	}
	err = j.fleet.attempt(ctx, "create the queue of "+j.Name, func(ctx context.Context) (err error) {
		j.consumer, err = stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{Durable: "workers", AckPolicy: jetstream.AckExplicitPolicy, AckWait: j.lease,
			MaxDeliver: -1, MaxAckPending: underWayMost, MaxWaiting: pullsMost})
		return err
	})
	if err != nil {
		return err
	}
	if j.state, err = j.fleet.bucket(ctx, jetstream.KeyValueConfig{Bucket: j.prefix() + "_state"}); err != nil {
		return err
	}
	return j.fleet.attempt(ctx, "create the blobs of "+j.Name, func(ctx context.Context) (err error) {
		name := j.prefix() + "_blobs"
		create := func() error {
			_, err := j.fleet.stream.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: name, Replicas: replicas})
			return err
		}
		if err := j.fleet.settle(ctx, "OBJ_"+name, create); err != nil {
			return err
		}
		j.blobs, err = j.fleet.stream.ObjectStore(ctx, name)
		return err
	})
}

// Enter opens a job that another process leads, or gives ErrNoJob.
func (f *Fleet) Enter(ctx context.Context, name string) (*Job, error) {
	job := &Job{Name: name, fleet: f}
	if _, found, err := f.value(ctx, f.control, job.recordKey(), &job.record); err != nil {
		return nil, err
	} else if !found {
		return nil, fmt.Errorf("%s: %w", name, ErrNoJob)
	}
	job.lease = job.record.Lease
	err := f.attempt(ctx, "enter the job "+name, func(ctx context.Context) (err error) {
		if job.consumer, err = f.stream.Consumer(ctx, job.prefix()+"_units", "workers"); err != nil {
			return err
		}
		if job.state, err = f.stream.KeyValue(ctx, job.prefix()+"_state"); err != nil {
			return err
		}
		job.blobs, err = f.stream.ObjectStore(ctx, job.prefix()+"_blobs")
		return err
	})
	return job, err
}

// Payload is what the leader gave with the job.
func (j *Job) Payload(ctx context.Context) ([]byte, error) { return j.Blob(ctx, payloadBlob) }

// Filled says whether all units are in, and how many there are: a leader that comes back need not cut them again.
func (j *Job) Filled() (units int, filled bool) {
	record := j.now()
	return record.Units, record.State != JobFilling
}

// Put puts units in; those that are in already, or done already, stay as they are.
func (j *Job) Put(ctx context.Context, units []Unit) error {
	for len(units) > 0 {
		portion := units[:min(publishAhead, len(units))]
		if err := j.put(ctx, portion); err != nil {
			return err
		}
		units = units[len(portion):]
	}
	return nil
}

func (j *Job) put(ctx context.Context, units []Unit) error {
	return j.fleet.attempt(ctx, fmt.Sprintf("put %d units in", len(units)), func(ctx context.Context) error {
		futures := make([]jetstream.PubAckFuture, 0, len(units))
		for _, unit := range units {
			encoded, err := json.Marshal(unit)
			if err != nil {
				return fmt.Errorf("encode a unit: %w", err)
			}
			// Only where no message of this unit waits already.
			message := &nats.Msg{Subject: j.subject(unit.ID), Data: encoded}
			future, err := j.fleet.stream.PublishMsgAsync(message, jetstream.WithExpectLastSequencePerSubject(0))
			if err != nil {
				return err
			}
			futures = append(futures, future)
		}
		for _, future := range futures {
			select {
			case <-future.Ok():
			case err := <-future.Err():
				if !waitsAlready(err) {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
}

// waitsAlready says that the queue holds a message of this unit.
func waitsAlready(err error) bool {
	var failure *jetstream.APIError
	return errors.As(err, &failure) && (failure.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || failure.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// Fill says that all units are in.
func (j *Job) Fill(ctx context.Context, units int) error {
	record := j.now()
	if record.State != JobFilling {
		return nil
	}
	record.State, record.Units = JobOpen, units
	if err := j.write(ctx, record); err != nil {
		return err
	}
	close(j.filled)
	return nil
}

// Remove deletes all that the servers hold of the job. Its results must have been written down elsewhere.
func (j *Job) Remove(ctx context.Context) error {
	for _, name := range []string{j.prefix() + "_units", "KV_" + j.prefix() + "_state", "OBJ_" + j.prefix() + "_blobs"} {
		err := j.fleet.attempt(ctx, "remove the job "+j.Name, func(ctx context.Context) error {
			if err := j.fleet.stream.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
				return err
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return j.fleet.attempt(ctx, "remove the job "+j.Name, func(ctx context.Context) error {
		return j.fleet.control.Purge(ctx, j.recordKey())
	})
}

func (j *Job) recordKey() string { return jobKeys + key(j.Name) }

func (j *Job) now() jobRecord {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.record
}

// write changes the job's record; only the leader does.
func (j *Job) write(ctx context.Context, record jobRecord) error {
	encoded, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode a job: %w", err)
	}
	err = j.fleet.attempt(ctx, "write the job "+j.Name, func(ctx context.Context) error {
		_, err := j.fleet.control.Put(ctx, j.recordKey(), encoded)
		return err
	})
	if err != nil {
		return err
	}
	j.mutex.Lock()
	j.record = record
	j.mutex.Unlock()
	return nil
}
