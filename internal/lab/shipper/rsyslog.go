package shipper

// rsyslog.go answers: how does a real shipper, rsyslogd with omelasticsearch, become the writer that never stops? It
// tails a file to which events are appended; its configuration is real, and re-pointing means editing it and restarting
// rsyslogd, since rsyslog reads its configuration only at the start.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab"
)

// ErrNoRsyslog says that rsyslogd or its elasticsearch output is not installed.
var ErrNoRsyslog = errors.New("rsyslogd with omelasticsearch is not installed (on Debian: apt-get install rsyslog rsyslog-elasticsearch)")

// RsyslogOptions says what the rsyslog writer needs.
type RsyslogOptions struct {
	// Dir takes the configuration (rsyslog.conf), the log that is tailed, the queue and the file of refused events.
	Dir string
	// URL is the cluster that receives.
	URL string
	// Rate is lines per second; zero means 50.
	Rate float64
	// Seed varies the events.
	Seed uint64
}

// Rsyslog is a running rsyslogd and the log that grows for it.
type Rsyslog struct {
	dir    string
	daemon string
	cancel context.CancelFunc
	done   chan error

	mu     sync.Mutex
	made   int64
	paused bool
	stdin  io.Closer
	ended  chan struct{}
}

// The template names are rsyslog's habit; the queue keeps what can't be delivered, on disk beyond its memory part, and
// retries for ever. retryfailures gives back to the queue what the cluster refuses for now; without it such events go
// to the error file and are lost to the cluster.
const rsyslogText = `# rsyslog.conf of web-01: nginx logs to Elasticsearch
global(workDirectory="%[1]s/work")
module(load="imfile" PollingInterval="1")
module(load="mmjsonparse")
module(load="omelasticsearch")

template(name="nginx-index" type="string" string="nginx-access-%%timereported:1:4:date-rfc3339%%.%%timereported:6:7:date-rfc3339%%.%%timereported:9:10:date-rfc3339%%")
template(name="nginx-id" type="string" string="%%$!request_id%%")
template(name="nginx-record" type="string" string="%%msg%%")

input(type="imfile" File="%[1]s/access.log" Tag="nginx" Ruleset="to-elasticsearch")

ruleset(name="to-elasticsearch") {
  action(type="mmjsonparse" cookie="")
  action(type="omelasticsearch"
    server="%[2]s"
    serverport="%[3]s"
    template="nginx-record"
    searchIndex="nginx-index" dynSearchIndex="on"
    searchType="%[4]s"
    bulkmode="on" bulkid="nginx-id" dynbulkid="on" writeoperation="create"
    retryfailures="on" retryruleset="to-elasticsearch"
    errorfile="%[1]s/refused.json"
    queue.type="LinkedList" queue.filename="nginx" queue.saveOnShutdown="on" queue.maxDiskSpace="256m"
    queue.dequeueBatchSize="500"
    action.resumeRetryCount="-1" action.resumeInterval="1")
}
`

// StartRsyslog writes the configuration into options.Dir and starts rsyslogd and the growing log.
func StartRsyslog(ctx context.Context, options RsyslogOptions) (*Rsyslog, error) {
	daemon, err := findRsyslog()
	if err != nil {
		return nil, err
	}
	if options.Rate <= 0 {
		options.Rate = defaultRate
	}
	u, err := url.Parse(options.URL)
	if err != nil || u.Port() == "" {
		return nil, fmt.Errorf("%q is no URL with a port", options.URL)
	}
	if err := os.MkdirAll(filepath.Join(options.Dir, "work"), 0o700); err != nil {
		return nil, fmt.Errorf("make rsyslog's folder: %w", err)
	}
	text := fmt.Sprintf(rsyslogText, options.Dir, u.Hostname(), u.Port(), "access_log")
	if err := os.WriteFile(filepath.Join(options.Dir, "rsyslog.conf"), []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write rsyslog's configuration: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(options.Dir, "access.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	r := &Rsyslog{dir: options.Dir, daemon: daemon, done: make(chan error, 1)}
	if err := r.startDaemon(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	go func() { r.done <- errors.Join(r.grow(running, log, options), log.Close()) }()
	return r, nil
}

// findRsyslog asks for the daemon and for the plugin, which is a package of its own.
func findRsyslog() (string, error) {
	daemon, err := exec.LookPath("rsyslogd")
	if err != nil {
		return "", ErrNoRsyslog
	}
	for _, pattern := range []string{"/usr/lib/*/rsyslog/omelasticsearch.so", "/usr/lib*/rsyslog/omelasticsearch.so"} {
		// The patterns are constants; Glob fails only on a malformed one.
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return daemon, nil
		}
	}
	return "", ErrNoRsyslog
}

// watchScript runs the daemon until standard input ends, which it does when this process is killed.
const watchScript = `"$@" & daemon=$!; cat >/dev/null; kill -TERM "$daemon"; wait "$daemon"`

func (r *Rsyslog) startDaemon() error {
	output, err := os.OpenFile(filepath.Join(r.dir, "rsyslogd.out"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open rsyslogd's output: %w", err)
	}
	defer output.Close()
	cmd := exec.Command("sh", "-c", watchScript, "sh", r.daemon, "-n", "-f", r.ConfigPath(), "-i", filepath.Join(r.dir, "rsyslogd.pid"))
	cmd.Stdout, cmd.Stderr = output, output
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("connect to rsyslogd: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run rsyslogd: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		// How it ended is in its output; whoever waits only needs the end.
		_ = cmd.Wait()
		close(ended)
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stdin, r.ended = stdin, ended
	return nil
}

// stopDaemon lets rsyslogd save its queue.
func (r *Rsyslog) stopDaemon(ctx context.Context) error {
	r.mu.Lock()
	stdin, ended := r.stdin, r.ended
	r.mu.Unlock()
	// The pipe is broken when rsyslogd has ended by itself; then there is nothing to stop.
	_ = stdin.Close()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("rsyslogd did not stop: %w", ctx.Err())
	}
}

// grow appends lines at the wanted rate until ctx ends.
func (r *Rsyslog) grow(ctx context.Context, log *os.File, options RsyslogOptions) error {
	events := lab.NewEvents(options.Seed)
	run := "r" + strconv.FormatInt(time.Now().UnixNano(), 36) + "-"
	ticker := time.NewTicker(time.Duration(float64(time.Second) / options.Rate))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		r.mu.Lock()
		if !r.paused {
			line := append(events.Access(time.Now(), run+strconv.FormatInt(r.made+1, 10)), '\n')
			if _, err := log.Write(line); err != nil {
				r.mu.Unlock()
				return fmt.Errorf("write to the log: %w", err)
			}
			r.made++
		}
		r.mu.Unlock()
	}
}

// ConfigPath is the configuration that a cutover edits.
func (r *Rsyslog) ConfigPath() string { return filepath.Join(r.dir, "rsyslog.conf") }

// Restart stops rsyslogd and starts it again with the configuration as it is now; its queue is kept.
func (r *Rsyslog) Restart(ctx context.Context) error {
	if err := r.stopDaemon(ctx); err != nil {
		return err
	}
	return r.startDaemon()
}

// Made is how many lines the log has got.
func (r *Rsyslog) Made() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.made
}

// Pause stops the log from growing, or lets it go on.
func (r *Rsyslog) Pause(paused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = paused
}

// Stop ends the log and rsyslogd.
func (r *Rsyslog) Stop(ctx context.Context) error {
	r.cancel()
	return errors.Join(<-r.done, r.stopDaemon(ctx))
}
