// Package fleet spreads units of work over any number of workers and gathers what became of each, once. It rests on NATS
// JetStream, embedded in this process or external, and knows nothing of documents: payloads, checkpoints and results
// are opaque.
//
// Read fleet.go (what a fleet is), server.go and connect.go (how it is reached), job.go (units go in), lease.go (a worker
// takes, keeps and commits one), gather.go (results come out), then blobs.go, control.go, workers.go. attempt.go says what
// is tried again while servers come and go, record.go how values are kept.
package fleet

// fleet.go answers: what is a fleet, and how is one opened? Next: server.go.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The refusals and endings of this package.
var (
	// ErrLost says that a lease is no longer this worker's: another one took the unit over. What it would commit is refused.
	ErrLost = errors.New("the unit was taken over by another worker")
	// ErrJobOver says that a job has no work any more: all of it is done, or it was stopped.
	ErrJobOver = errors.New("the job is over")
	// ErrNoJob says that a job does not exist, or not yet.
	ErrNoJob = errors.New("there is no such job")
	// ErrNoToken says that a server would have to listen without a secret.
	ErrNoToken = errors.New("a server that listens needs a token")
	// ErrRefusedToken says that the servers do not take our token or credentials.
	ErrRefusedToken = errors.New("the NATS server does not accept these credentials")
	// ErrManyFleets says that servers hold several fleets, and which one is meant was not said.
	ErrManyFleets = errors.New("there are several migrations on these servers")
	// ErrPoisoned says that a unit failed too often, so that the job is stopped.
	ErrPoisoned = errors.New("a unit of work failed again and again")
)

// Options say how a fleet is reached. The zero value of a field is its default.
type Options struct {
	// Name tells this fleet's streams from others on the same servers. Who joins may leave it out where there is one only.
	Name string
	// Folder holds the embedded server's files; needed when URLs is empty.
	Folder string
	// Listen is the address on which the embedded server lets other machines join; empty is this process alone.
	Listen string
	// URLs are the servers of an external cluster; empty embeds one.
	URLs []string
	// Token is the shared secret of an embedded server that listens, and of those that join it.
	Token string
	// CredentialsFile is a NATS .creds file for an external cluster, CAFile a certificate authority for tls:// addresses.
	CredentialsFile, CAFile string
	// Replicas is how many servers of an external cluster keep each value; 0 is 1.
	Replicas int
	// Join opens a fleet that another process leads: nothing is created, and what is not there yet is waited for.
	Join bool
	// Worker is this process's name among the workers; by default the host's name and the process's number.
	Worker string
	// Lease is how long a unit stays with a worker that is not heard of; 0 is 30 s.
	Lease time.Duration
	// SaveEvery is how often the checkpoint of one unit is written at the most; 0 is 1 s. Slow servers get fewer.
	SaveEvery time.Duration
	// Failures is how often a unit may fail before its job stops, and Deaths how many workers in a row may die over one
	// without getting any further; 0 is 3 and 20.
	Failures, Deaths int
	// Notice hears of lost and found connections, and of what has to be tried for long. It may be nil.
	Notice func(text string)
}

const (
	controlSuffix    = "_control"
	defaultLease     = 30 * time.Second
	defaultSaveEvery = time.Second
	defaultFailures  = 3
	// defaultDeaths is large, since machines are taken away from people who pay little for them.
	defaultDeaths = 20
)

func (o *Options) applyDefaults() error {
	if o.Name == "" && !o.Join {
		return errors.New("a fleet needs a name")
	}
	if len(o.URLs) == 0 && o.Folder == "" {
		return errors.New("an embedded server needs a folder")
	}
	if o.Worker == "" {
		host, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("name this worker: %w", err)
		}
		o.Worker = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	if o.Lease == 0 {
		o.Lease = defaultLease
	}
	if o.SaveEvery == 0 {
		o.SaveEvery = defaultSaveEvery
	}
	if o.Failures == 0 {
		o.Failures = defaultFailures
	}
	if o.Deaths == 0 {
		o.Deaths = defaultDeaths
	}
	if o.Replicas == 0 {
		o.Replicas = 1
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	return nil
}

// Fleet is one migration's place on the servers. It is safe for concurrent use.
type Fleet struct {
	options  Options
	embedded *embedded // nil with an external cluster
	conn     *nats.Conn
	stream   jetstream.JetStream
	// control holds jobs and control values, presence the workers' heartbeats.
	control, presence jetstream.KeyValue

	mutex sync.Mutex
	gone  time.Time // since when the servers are away
}

// Open reaches the fleet: it starts the embedded server, or connects to the external ones.
func Open(ctx context.Context, options Options) (*Fleet, error) {
	if err := options.applyDefaults(); err != nil {
		return nil, err
	}
	fleet := &Fleet{options: options}
	if err := fleet.open(ctx); err != nil {
		fleet.Close()
		return nil, err
	}
	return fleet, nil
}

func (f *Fleet) open(ctx context.Context) (err error) {
	if len(f.options.URLs) == 0 {
		if f.embedded, err = startEmbedded(f.options); err != nil {
			return err
		}
	}
	if f.conn, err = connect(ctx, f.options, f.embedded, f.heard); err != nil {
		return err
	}
	if f.stream, err = jetstream.New(f.conn); err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	if f.options.Name == "" {
		if f.options.Name, err = f.only(ctx); err != nil {
			return err
		}
	}
	name := bucketName(f.options.Name)
	if f.control, err = f.bucket(ctx, jetstream.KeyValueConfig{Bucket: name + controlSuffix}); err != nil {
		return err
	}
	// A worker that is not heard of for three leases is forgotten. Heartbeats are not worth a disk's time.
	f.presence, err = f.bucket(ctx, jetstream.KeyValueConfig{Bucket: name + "_workers", TTL: presenceLeases * f.options.Lease, Storage: jetstream.MemoryStorage})
	return err
}

// only finds the name of the one fleet on these servers, waiting until there is one.
func (f *Fleet) only(ctx context.Context) (string, error) {
	for {
		var names []string
		err := f.attempt(ctx, "look for a fleet", func(ctx context.Context) error {
			names = nil
			list := f.stream.KeyValueStoreNames(ctx)
			for bucket := range list.Name() {
				if name, is := strings.CutSuffix(bucket, controlSuffix); is && strings.HasPrefix(name, namePrefix) {
					names = append(names, strings.TrimPrefix(name, namePrefix))
				}
			}
			return list.Error()
		})
		if err != nil {
			return "", err
		}
		slices.Sort(names)
		switch len(names) {
		case 0:
		case 1:
			return names[0], nil
		default:
			return "", fmt.Errorf("%w: %s", ErrManyFleets, strings.Join(names, ", "))
		}
		if err := pause(ctx, tryPauseMost); err != nil {
			return "", err
		}
	}
}

// Away is for how long the servers have not been reachable; 0 while they are.
func (f *Fleet) Away() time.Duration {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.gone.IsZero() {
		return 0
	}
	return time.Since(f.gone)
}

func (f *Fleet) heard(connected bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	switch {
	case connected:
		f.gone = time.Time{}
	case f.gone.IsZero():
		f.gone = time.Now()
	}
}

// bucket opens a bucket: the leading process creates it, one that joins waits for it.
func (f *Fleet) bucket(ctx context.Context, config jetstream.KeyValueConfig) (bucket jetstream.KeyValue, err error) {
	config.Replicas = f.options.Replicas
	err = f.attempt(ctx, "open the bucket "+config.Bucket, func(ctx context.Context) error {
		create := func() error {
			_, err := f.stream.CreateKeyValue(ctx, config)
			return err
		}
		if err := f.settle(ctx, "KV_"+config.Bucket, create); err != nil {
			return err
		}
		bucket, err = f.stream.KeyValue(ctx, config.Bucket)
		return err
	})
	return bucket, err
}

// settle makes the stream below a bucket answer every read by its leader, and is to be called before a handle is opened.
// By default any replica answers, and one that was just killed and is back may not have heard of what was written a
// moment ago. A handle remembers which of the two it found when it was opened (its client 1.55.0: kvs.useDirect), and one that
// remembers the default never gets an answer again; so whoever joins waits until the leading process has settled it.
func (f *Fleet) settle(ctx context.Context, name string, create func() error) error {
	stream, err := f.stream.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) && !f.options.Join {
		if err := create(); err != nil {
			return err
		}
		stream, err = f.stream.Stream(ctx, name)
	}
	if err != nil {
		return err
	}
	config := stream.CachedInfo().Config
	switch {
	case !config.AllowDirect:
		return nil
	case f.options.Join:
		return fmt.Errorf("%s is not settled yet: %w", name, jetstream.ErrStreamNotFound)
	}
	config.AllowDirect = false
	_, err = f.stream.UpdateStream(ctx, config)
	return err
}

// Address is where other machines join an embedded server that listens; empty otherwise.
func (f *Fleet) Address() string {
	if f.embedded == nil || f.options.Listen == "" {
		return ""
	}
	return f.embedded.server.ClientURL()
}

// Worker is this process's name among the workers.
func (f *Fleet) Worker() string { return f.options.Worker }

// Close leaves the fleet. An embedded server ends with it; what was written stays in its folder.
func (f *Fleet) Close() {
	if f.conn != nil {
		// Acknowledgements that wait in the connection's buffer save the next worker a look; losing them costs nothing else.
		_ = f.conn.FlushTimeout(closePatience)
		f.conn.Close()
	}
	if f.embedded != nil {
		f.embedded.stop()
	}
}
