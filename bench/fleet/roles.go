package main

// roles.go answers: which processes take part? This program plays all of them: the leader, workers, and a _bulk that takes
// everything and answers at once. Next: feed.go.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/fleet"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

const (
	roleEnvironment = "HIKKOSHI_BENCH_FLEET"
	roleTarget      = "target"
	roleWorker      = "worker"
	benchToken      = "only-for-this-measurement"
)

// part is what a process plays.
type part struct {
	Role, NATS, Target string
	// Workers is how many a crowd has.
	Workers int
}

// process is a running part.
type process struct {
	command *exec.Cmd
	output  *bufio.Scanner
}

func startPart(ctx context.Context, playing part) (*process, error) {
	encoded, err := json.Marshal(playing)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, os.Args[0])
	command.Env = append(os.Environ(), roleEnvironment+"="+string(encoded))
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if _, err := command.StdinPipe(); err != nil { // it closes when this process dies, and the part ends
		return nil, err
	}
	return &process{command: command, output: bufio.NewScanner(output)}, command.Start()
}

// line reads what the process says next.
func (p *process) line() (string, error) {
	if !p.output.Scan() {
		return "", errors.Join(errors.New("a process ended before its time"), p.output.Err())
	}
	return p.output.Text(), nil
}

func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may be gone already
	_ = p.command.Wait()
}

func play(text string) error {
	var playing part
	if err := json.Unmarshal([]byte(text), &playing); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // whatever ends it, the parent is gone
		stop()
	}()
	switch playing.Role {
	case roleTarget:
		return serveBulk(ctx)
	case roleCrowd:
		return playCrowd(ctx, playing)
	}
	opened, err := fleet.Open(ctx, fleet.Options{Name: "bench", URLs: []string{playing.NATS}, Token: benchToken, Join: true})
	if err != nil {
		return err
	}
	defer opened.Close()
	fmt.Println("ready")
	job, err := enter(ctx, opened)
	if err != nil {
		return err
	}
	if err := work(ctx, job, playing.Target); err != nil && ctx.Err() == nil {
		return err
	}
	cpu, err := rig.CPUSeconds()
	fmt.Println(cpu, rig.PeakRSS())
	return err
}

// serveBulk takes bodies and says that all went well.
func serveBulk(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String())
	server := &http.Server{Handler: http.HandlerFunc(takeBulk), ReadHeaderTimeout: time.Minute}
	go func() {
		<-ctx.Done()
		_ = server.Close() // the process ends
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func takeBulk(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/_bulk" {
		_, _ = io.WriteString(w, `{"cluster_name":"c","version":{"number":"7.10.2"}}`) // the client notices
		return
	}
	buffer, lines := make([]byte, 256<<10), 0
	for {
		n, err := r.Body.Read(buffer)
		lines += bytes.Count(buffer[:n], []byte("\n"))
		if err != nil {
			break
		}
	}
	answer := []byte(`{"took":1,"errors":false,"items":[`)
	for i := range lines / 2 {
		if i > 0 {
			answer = append(answer, ',')
		}
		answer = append(answer, `{"index":{"status":201}}`...)
	}
	_, _ = w.Write(append(answer, "]}"...))
}

// newJob is one process's road to the target.
func newJob(address string) (*load.Job, error) {
	client, err := cluster.New(cluster.Config{URL: address})
	return &load.Job{Target: client, Valve: load.NewValve(load.Limits{})}, err
}

// withoutFleet sends all units from this process, as many at once as there are processors.
func withoutFleet(ctx context.Context, units []piece, address string) (sending, error) {
	job, err := newJob(address)
	if err != nil {
		return sending{}, err
	}
	began := time.Now()
	before, err := rig.CPUSeconds()
	if err != nil {
		return sending{}, err
	}
	var mutex sync.Mutex
	var sent int64
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, unit := range units {
		group.Go(func() error {
			outcome, err := job.Run(inner, unit, 0, nil)
			mutex.Lock()
			defer mutex.Unlock()
			sent += outcome.Bytes
			return err
		})
	}
	err = group.Wait()
	after, cpuErr := rig.CPUSeconds()
	return sending{took: time.Since(began), cpu: after - before, bytes: sent}, errors.Join(err, cpuErr)
}

// withFleet leads a job; without workers this process works, else they do.
func withFleet(ctx context.Context, folder string, units []piece, address string, workers int) (sending, error) {
	opened, err := fleet.Open(ctx, fleet.Options{Name: "bench", Folder: folder, Listen: "127.0.0.1:0", Token: benchToken})
	if err != nil {
		return sending{}, err
	}
	defer opened.Close()
	var others []*process
	for range workers {
		other, err := startPart(ctx, part{Role: roleWorker, NATS: opened.Address(), Target: address})
		if err != nil {
			return sending{}, err
		}
		defer other.stop()
		if _, err := other.line(); err != nil { // it is there before the clock starts
			return sending{}, err
		}
		others = append(others, other)
	}
	began := time.Now()
	before, err := rig.CPUSeconds()
	if err != nil {
		return sending{}, err
	}
	job, err := opened.Lead(ctx, "bench", nil)
	if err != nil {
		return sending{}, err
	}
	done, cancel := context.WithCancel(ctx)
	group, inner := errgroup.WithContext(done)
	if workers == 0 {
		group.Go(func() error {
			if err := work(inner, job, address); err != nil && done.Err() == nil {
				return err
			}
			return nil
		})
	}
	group.Go(func() error { return put(ctx, job, units) })
	var total load.Outcome
	known := map[string]bool{}
	err = job.Gather(ctx, func(news fleet.News) error {
		if !news.Done || known[news.Unit] {
			return nil
		}
		known[news.Unit] = true
		var outcome load.Outcome
		err := json.Unmarshal(news.Result, &outcome)
		total.Add(outcome)
		return err
	})
	took := time.Since(began)
	cancel()
	err = errors.Join(err, group.Wait())
	after, cpuErr := rig.CPUSeconds()
	result := sending{took: took, cpu: after - before, bytes: total.Bytes}
	for _, other := range others {
		var cpu float64
		var peak int64
		line, lineErr := other.line()
		_, scanErr := fmt.Sscan(line, &cpu, &peak)
		err = errors.Join(err, lineErr, scanErr)
		result.cpu += cpu
		result.peak = max(result.peak, peak)
	}
	return result, errors.Join(err, cpuErr)
}

// put puts all units in.
func put(ctx context.Context, job *fleet.Job, units []piece) error {
	list := make([]fleet.Unit, 0, len(units))
	for _, unit := range units {
		payload, err := json.Marshal(unit)
		if err != nil {
			return err
		}
		list = append(list, fleet.Unit{ID: unit.id(), Payload: payload})
	}
	return errors.Join(job.Put(ctx, list), job.Fill(ctx, len(units)))
}

// work takes units until there are none.
func work(ctx context.Context, job *fleet.Job, address string) error {
	road, err := newJob(address)
	if err != nil {
		return err
	}
	group, inner := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for {
				lease, err := job.Next(inner)
				if errors.Is(err, fleet.ErrJobOver) {
					return nil
				}
				if err != nil {
					return err
				}
				if err := sendOne(road, lease); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

func sendOne(road *load.Job, lease *fleet.Lease) error {
	var unit piece
	if err := json.Unmarshal(lease.Unit.Payload, &unit); err != nil {
		return err
	}
	outcome, err := road.Run(lease.Context(), unit, 0, func(position int64, _ load.Outcome) error {
		return lease.Save(lease.Context(), json.RawMessage(fmt.Sprint(position)))
	})
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	return lease.Commit(lease.Context(), encoded)
}

// commitAll commits units as they are.
func commitAll(ctx context.Context, job *fleet.Job) {
	for {
		lease, err := job.Next(ctx)
		if err != nil {
			return
		}
		_ = lease.Commit(ctx, json.RawMessage(`{}`)) // one that fails is never counted, and the measurement does not end
	}
}
