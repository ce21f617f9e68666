package shipper

// shipper.go answers: how do making events, sending them and being reconfigured go together? Next: rpc.go.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/lab"
)

const (
	defaultRate = 50
	// errorEvery: one event in so many is an error log event.
	errorEvery = 20
	// drainPoll is how often Drain looks at the buffers.
	drainPoll = 50 * time.Millisecond
)

// Options says how to ship. ConfigPath and LedgerPath are needed.
type Options struct {
	// ConfigPath is the fluentd configuration; WriteConfig makes one.
	ConfigPath string
	// LedgerPath is the file to which acknowledged ids are appended.
	LedgerPath string
	// Rate is events per second; zero means 50.
	Rate float64
	// Seed varies the events; ids differ between runs in any case, so that a restart never overwrites.
	Seed uint64
	// Now is the events' clock; nil means the wall clock.
	Now func() time.Time
	// Transport carries the requests, signed if need be; nil means plain HTTP.
	Transport http.RoundTripper
}

// Stats is what the shipper has done since it was started.
type Stats struct {
	// Made events are kept in a buffer or further; Acked ones are in the ledger; Refused ones in the error file.
	Made, Acked, Refused int64
	// Chunks and Bytes wait in the buffers; Retries counts sends that failed.
	Chunks  int
	Bytes   int64
	Retries int64
}

// Shipper is a running writer.
type Shipper struct {
	options Options
	events  *lab.Events
	ledger  *ledger
	servers []*server
	cancel  context.CancelFunc
	group   *errgroup.Group
	stop    sync.Once

	mu      sync.Mutex
	made    int64
	refused int64
	paused  bool
	flow    *flow
}

// flow is the outputs of one configuration; a reload replaces it.
type flow struct {
	config  config
	outputs []*output
	stop    chan struct{}
	ended   sync.Once
	group   errgroup.Group
}

// Start reads the configuration and begins to make and send events. ctx bounds nothing after Start has returned.
func Start(ctx context.Context, options Options) (*Shipper, error) {
	if options.Rate <= 0 {
		options.Rate = defaultRate
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	c, err := loadConfig(options.ConfigPath)
	if err != nil {
		return nil, err
	}
	l, err := openLedger(options.LedgerPath)
	if err != nil {
		return nil, err
	}
	s := &Shipper{options: options, events: lab.NewEvents(options.Seed), ledger: l}
	if err := s.listen(ctx, c); err != nil {
		return nil, errors.Join(err, l.file.Close(), s.closeServers(ctx))
	}
	if s.flow, err = s.open(c); err != nil {
		return nil, errors.Join(err, l.file.Close(), s.closeServers(ctx))
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.group, running = errgroup.WithContext(running)
	s.group.Go(func() error { return s.make(running) })
	return s, nil
}

// Run ships until ctx ends and reloads on SIGHUP: what a process of its own does.
func Run(ctx context.Context, options Options) error {
	s, err := Start(ctx, options)
	if err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return s.Stop(context.WithoutCancel(ctx))
		case <-hangups:
			// As in fluentd, a configuration that doesn't load leaves the old one in force.
			_ = s.Reload()
		}
	}
}

// open starts the outputs of a configuration.
func (s *Shipper) open(c config) (*flow, error) {
	f := &flow{config: c, stop: make(chan struct{})}
	for _, configured := range c.outputs {
		b, err := openBuffer(configured.buffer.path, configured.buffer.chunkLimit)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		o := &output{outputConfig: configured, buffer: b, ledger: s.ledger, client: &http.Client{Transport: s.options.Transport}, wake: make(chan struct{}, 1), stop: f.stop,
			refuse: func(e event, reason string) error { return s.refuse(c.errorPath, e, reason) }}
		f.outputs = append(f.outputs, o)
		f.group.Go(func() error { return o.run(context.Background()) })
	}
	return f, nil
}

// end stops the outputs once the requests under way are answered; no request outlives its own limit.
func (f *flow) end() error {
	f.ended.Do(func() { close(f.stop) })
	return f.group.Wait()
}

// close ends the outputs; their buffers keep what wasn't sent.
func (f *flow) close() error {
	err := f.end()
	for _, o := range f.outputs {
		err = errors.Join(err, o.buffer.close())
		o.client.CloseIdleConnections()
	}
	return err
}

// make adds events at the wanted rate until ctx ends.
func (s *Shipper) make(ctx context.Context) error {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / s.options.Rate))
	defer ticker.Stop()
	// Ids of two runs must differ; the start's nanoseconds see to that.
	run := "w" + strconv.FormatInt(time.Now().UnixNano(), 36) + "-"
	for number := int64(1); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		added, err := s.add(run+strconv.FormatInt(number, 10), number%errorEvery == 0)
		if err != nil {
			return err
		}
		if added {
			number++
		}
	}
}

// add makes one event and keeps it in the buffer of each output that its tag matches.
func (s *Shipper) add(id string, isError bool) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused {
		return false, nil
	}
	at := s.options.Now()
	tag, record := "nginx.access", []byte(nil)
	if isError {
		tag, record = "nginx.error", s.events.Error(at, id)
	} else {
		record = s.events.Access(at, id)
	}
	matched := -1
	for _, o := range s.flow.outputs {
		// The first <match> takes the event, with all its stores if it is a copy.
		if !o.matches(tag) || matched >= 0 && matched != o.match {
			continue
		}
		matched = o.match
		if err := o.buffer.add(event{ID: id, Time: at, Record: record}); err != nil {
			return false, err
		}
	}
	if matched < 0 {
		return false, nil
	}
	s.made++
	return true, nil
}

// refuse puts an event aside that the cluster will never take, as the @ERROR label does.
func (s *Shipper) refuse(path string, e event, reason string) error {
	s.mu.Lock()
	s.refused++
	s.mu.Unlock()
	if path == "" {
		// Without @ERROR fluentd drops such an event with a warning; the count is our warning.
		return nil
	}
	line, err := encodeLine(struct {
		event
		Reason string `json:"reason"`
	}{e, reason})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the error file: %w", err)
	}
	_, err = file.Write(line)
	return errors.Join(err, file.Close())
}

// Reload reads the configuration again. One that doesn't load leaves the old one in force; a good one takes over with
// the buffers as they are, so that a backlog goes to the new target.
func (s *Shipper) Reload() error {
	c, err := loadConfig(s.options.ConfigPath)
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	s.mu.Lock()
	old := s.flow
	s.mu.Unlock()
	// A send that is under way is ended first; the lock is not held meanwhile, since refused events need it. Events that
	// are made meanwhile go to the old buffers, which are still open.
	// The same error comes from close again.
	_ = old.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flow != old {
		return errors.New("reload: another reload was faster")
	}
	if err := old.close(); err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	opened, err := s.open(c)
	if err == nil {
		s.flow = opened
		return nil
	}
	// The new buffers can't be had: the old configuration goes on.
	again, backError := s.open(old.config)
	if backError == nil {
		s.flow = again
	}
	return errors.Join(fmt.Errorf("reload: %w", err), backError)
}

// Pause stops making events, or goes on; sending is not touched. It is what an application does that holds its logs.
func (s *Shipper) Pause(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = paused
}

// FlushNow asks every output to send what it holds.
func (s *Shipper) FlushNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.flow.outputs {
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
}

// Drain pauses and waits until every event that was made is acknowledged or refused.
func (s *Shipper) Drain(ctx context.Context) error {
	s.Pause(true)
	ticker := time.NewTicker(drainPoll)
	defer ticker.Stop()
	for {
		s.FlushNow()
		stats, err := s.Stats()
		if err != nil {
			return err
		}
		if stats.Chunks == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("drain: %d chunks are left: %w", stats.Chunks, ctx.Err())
		case <-ticker.C:
		}
	}
}

// Stats tells how far it is.
func (s *Shipper) Stats() (Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := Stats{Made: s.made, Refused: s.refused, Acked: s.ledger.acked()}
	for _, o := range s.flow.outputs {
		chunks, bytes, err := o.buffer.backlog()
		if err != nil {
			return stats, err
		}
		stats.Chunks += chunks
		stats.Bytes += bytes
		stats.Retries += o.retries.Load()
	}
	return stats, nil
}

// Stop ends making and sending. What is buffered stays in its files for the next start. A second call does nothing.
func (s *Shipper) Stop(ctx context.Context) error {
	var err error
	s.stop.Do(func() {
		s.cancel()
		err = errors.Join(s.group.Wait(), s.closeServers(ctx))
		s.mu.Lock()
		f := s.flow
		s.mu.Unlock()
		err = errors.Join(err, f.close(), s.ledger.file.Close())
	})
	return err
}
