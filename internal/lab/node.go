package lab

// node.go answers: how does one node start, and how does it end without a trace? Next: launcher/Launcher.java, which is
// the other half: it ends the node when the pipe to its standard input closes, which the kernel does even when this
// process is killed with -9.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway/tool"
)

const (
	// startLimit is generous: a cold JVM on a loaded machine has been seen to need 20 seconds.
	startLimit = 3 * time.Minute
	// stopLimit is longer than the launcher's own limit for closing, after which it halts.
	stopLimit    = 30 * time.Second
	pollInterval = 50 * time.Millisecond
	// portAttempts: a free port may be taken between choosing and binding it; another is chosen then.
	portAttempts = 3
	// logTail is how much of a node's log an error carries.
	logTail     = 4 << 10
	defaultHeap = "512m"
	logFile     = "node.log"
	recordFile  = "node.json"
)

// Options says which node to start. Only Version is needed.
type Options struct {
	// Version is one of Versions().
	Version string
	// DataDir keeps the node's data; empty means a temporary folder that goes with the node.
	DataDir string
	// RepoDirs are the folders below which fs repositories may lie (path.repo).
	RepoDirs []string
	// ClusterName is made up when empty.
	ClusterName string
	// Port is the HTTP port on 127.0.0.1; zero chooses a free one.
	Port int
	// Heap is the JVM's maximum heap as -Xmx takes it; empty means 512m.
	Heap string
	// Seasoned lets the JVM use both its compilers, as a production node does: slower to start, faster once it has run a while.
	Seasoned bool
	// Settings are added to the node's own, as in elasticsearch.yml but flat. They never appear in the process list.
	Settings map[string]string
	// Detached lets the node outlive this process; Running finds it and Down ends it.
	Detached bool
	// Progress receives events, one at a time; nil is fine.
	Progress func(Event)
}

// Node is a running node.
type Node struct {
	record record
	cmd    *exec.Cmd
	stdin  io.Closer
	done   chan struct{}
	stop   sync.Once
	shared archive
}

// record is what node.json in the node's home says of it to other processes.
type record struct {
	Version     string `json:"version"`
	URL         string `json:"url"`
	ClusterName string `json:"cluster_name"`
	Home        string `json:"home"`
	DataDir     string `json:"data_dir,omitempty"`
	Detached    bool   `json:"detached,omitempty"`
	PID         int    `json:"pid"`
}

// Start fetches what is missing, starts a node and returns once it answers over HTTP. ctx bounds the start only.
func Start(ctx context.Context, options Options) (*Node, error) {
	v, err := find(options.Version)
	if err != nil {
		return nil, err
	}
	j, err := findJDK(v)
	if err != nil {
		return nil, err
	}
	if err := Fetch(ctx, options.Progress, v.name); err != nil {
		return nil, err
	}
	if options.Heap == "" {
		options.Heap = defaultHeap
	}
	for attempt := 1; ; attempt++ {
		node, err := startOnce(ctx, v, j, options)
		if err == nil || options.Port != 0 || attempt == portAttempts || !errors.Is(err, ErrPortTaken) {
			return node, err
		}
	}
}

func startOnce(ctx context.Context, v version, j jdk, options Options) (*Node, error) {
	port, err := choosePort(options.Port)
	if err != nil {
		return nil, err
	}
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	jars, err := lockedJars(v.name)
	if err != nil {
		return nil, err
	}
	report(options.Progress, Event{Version: v.name, Stage: StageCompile, Text: "preparing the launcher"})
	path, err := classPath(ctx, cache, v, j, jars)
	if err != nil {
		return nil, err
	}
	sweep()
	sweepArchives(cache)
	home, err := os.MkdirTemp("", homePrefix)
	if err != nil {
		return nil, fmt.Errorf("make the node's folder: %w", err)
	}
	if options.ClusterName == "" {
		options.ClusterName = filepath.Base(home)
	}
	node, err := launch(home, cache, v, j, jars, path, options, port)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	report(options.Progress, Event{Version: v.name, Stage: StageStart, Text: "starting " + v.name + " on port " + strconv.Itoa(port)})
	if err := node.waitReady(ctx); err != nil {
		node.Kill()
		return nil, err
	}
	report(options.Progress, Event{Version: v.name, Stage: StageReady, Text: v.name + " answers at " + node.URL()})
	return node, nil
}

func launch(home, cache string, v version, j jdk, jars []jar, classPath []string, options Options, port int) (*Node, error) {
	shared := findArchive(cache, home, v, j, jars, classPath)
	if options.Detached && shared.recording != "" {
		// Nobody would be there to keep the recording.
		shared = archive{}
	}
	arguments, err := layHome(home, cache, v, j, jars, classPath, shared, options, port)
	if err != nil {
		return nil, fmt.Errorf("fill the node's folder: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(home, logFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the node's log: %w", err)
	}
	// The child has its own copy once it runs.
	defer log.Close()
	cmd := exec.Command(j.java(), arguments...)
	cmd.Dir = home
	cmd.Stdout, cmd.Stderr = log, log
	// A JDK_JAVA_OPTIONS of the person's, meant for other programs, may stop an old server from starting.
	cmd.Env = withoutJavaOptions(os.Environ())
	ownGroup(cmd, options.Detached)
	node := &Node{cmd: cmd, done: make(chan struct{}), shared: shared, record: record{
		Version: v.name, URL: "http://127.0.0.1:" + strconv.Itoa(port), ClusterName: options.ClusterName,
		Home: home, DataDir: options.DataDir, Detached: options.Detached,
	}}
	if !options.Detached {
		if node.stdin, err = cmd.StdinPipe(); err != nil {
			return nil, fmt.Errorf("connect to the node: %w", err)
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run %s: %w", j.java(), err)
	}
	node.record.PID = cmd.Process.Pid
	go func() {
		// How the JVM ended doesn't matter here: waitReady reads its log, and Stop only needs the end.
		_ = cmd.Wait()
		close(node.done)
	}()
	if err := node.writeRecord(); err != nil {
		node.Kill()
		return nil, err
	}
	return node, nil
}

func (n *Node) writeRecord() error {
	text, err := json.Marshal(n.record)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(n.record.Home, recordFile), text, 0o600); err != nil {
		return fmt.Errorf("record the node: %w", err)
	}
	return nil
}

// URL is where the node answers, without a slash at the end.
func (n *Node) URL() string { return n.record.URL }

// Version is the lab's name of the node's version.
func (n *Node) Version() string { return n.record.Version }

// ClusterName is the cluster's name, given or made up.
func (n *Node) ClusterName() string { return n.record.ClusterName }

// PID is the JVM's process id.
func (n *Node) PID() int { return n.record.PID }

// Done is closed when the JVM has ended, for whatever reason.
func (n *Node) Done() <-chan struct{} { return n.done }

// Log gives the last bytes of what the node wrote.
func (n *Node) Log() string { return tail(filepath.Join(n.record.Home, logFile)) }

// Stop closes the node in an orderly way and removes what it left. It is safe to call twice.
func (n *Node) Stop(ctx context.Context) error {
	n.stop.Do(func() {
		if n.stdin != nil {
			// The JVM may have gone already; then the pipe is broken, which is what is wanted.
			_ = n.stdin.Close()
		} else {
			_ = terminate(n.cmd.Process)
		}
	})
	limit := stopLimit
	if n.shared.recording != "" {
		limit += recordLimit
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-n.done:
		n.shared.keep(n.record.Version, n.cmd.ProcessState.Success())
		return n.removeHome()
	case <-timer.C:
	case <-ctx.Done():
	}
	// Once the launcher has closed the node, it removes its folder; only the archive is missing then.
	_, gone := os.Stat(n.record.Home)
	n.Kill()
	if n.shared.recording != "" && errors.Is(gone, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("%s did not stop in time and was killed", n.record.Version)
}

// Kill ends the JVM at once, as a power cut would, and removes its temporary folder; a DataDir stays as it was.
func (n *Node) Kill() {
	// The process may have ended by itself, which is as good.
	_ = n.cmd.Process.Kill()
	<-n.done
	n.shared.keep(n.record.Version, false)
	// Kill is for the end of everything: a leftover in the temporary folder is swept by a later start.
	_ = n.removeHome()
}

func (n *Node) removeHome() error {
	if err := os.RemoveAll(n.record.Home); err != nil {
		return fmt.Errorf("remove the node's folder: %w", err)
	}
	return nil
}

// waitReady polls until the node itself, and nobody else on that port, says that its cluster works.
func (n *Node) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if n.healthy(ctx) {
			return nil
		}
		select {
		case <-n.done:
			return startError(n.record, n.Log(), nil)
		case <-ctx.Done():
			return startError(n.record, n.Log(), ctx.Err())
		case <-ticker.C:
		}
	}
}

func (n *Node) healthy(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.record.URL+"/_cluster/health", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	var health struct {
		ClusterName string `json:"cluster_name"`
		Status      string `json:"status"`
	}
	// A node that isn't ready answers with something else; it is asked again.
	if json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&health) != nil {
		return false
	}
	// A kept data folder starts red until its shards are read; "green" and "yellow" both mean that they were.
	return response.StatusCode == http.StatusOK && health.ClusterName == n.record.ClusterName && health.Status != "red"
}

func startError(r record, log string, cause error) error {
	failure := &Error{Kind: ErrStart, What: r.Version + " did not start", Log: log, Err: cause,
		Hint: "the end of its log follows; if memory is short, stop other nodes first"}
	switch {
	case strings.Contains(log, "BindException"), strings.Contains(log, "Address already in use"), strings.Contains(log, "BindHttpException"), strings.Contains(log, "BindTransportException"):
		failure.Kind, failure.Hint = ErrPortTaken, "another program listens on "+r.URL+"; stop it or choose another port"
	case strings.Contains(log, "No space left"):
		failure.Kind, failure.Hint = ErrNoSpace, "free some space in "+os.TempDir()+" or set TMPDIR to another disk"
	}
	return failure
}

// choosePort checks the wanted port, or chooses a free one.
func choosePort(want int) (int, error) {
	if want == 0 {
		return tool.FreePort()
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(want)))
	if err != nil {
		return 0, &Error{Kind: ErrPortTaken, What: fmt.Sprintf("port %d of 127.0.0.1 is taken", want),
			Hint: "stop the program that listens there, or choose another port", Err: err}
	}
	return want, listener.Close()
}

func withoutJavaOptions(environment []string) []string {
	var kept []string
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		switch name {
		case "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH":
		default:
			kept = append(kept, variable)
		}
	}
	return kept
}

func tail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > logTail {
		// Reading from the start instead would be no harm, only longer.
		_, _ = file.Seek(-logTail, io.SeekEnd)
	}
	text, err := io.ReadAll(io.LimitReader(file, logTail))
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(text))
}
