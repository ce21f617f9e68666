// This file answers: how is a foreign program started so that it ends when we end, however we end? On Linux the
// kernel kills it (guard_linux.go); elsewhere a shell holds a pipe from us and kills it when the pipe closes (guard_shell.go).

package tool

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	// stopGrace is how long a program may take to end by itself before it is killed.
	stopGrace = 5 * time.Second
	// tailBytes is how much of a program's last output is kept to explain why it ended.
	tailBytes = 4 << 10
)

// Command is a program to start. Secrets belong into Env, never into Args: others can read a process list.
type Command struct {
	Path string
	Args []string
	Env  []string // added to ours
	Dir  string
	Log  io.Writer // receives the program's output as well, nil for nowhere
}

// Process is a started program that ends with us.
type Process struct {
	done chan struct{} // closed once the program is gone
	err  error         // why it ended; valid after done
	tail *tail
	cmd  *exec.Cmd
	stop sync.Once
}

// Start starts the program. It ends by Stop, by the end of ctx, or with this process.
func Start(ctx context.Context, c Command) (*Process, error) {
	cmd := guarded(c.Path, c.Args)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	p := &Process{done: make(chan struct{}), tail: &tail{}, cmd: cmd}
	var out io.Writer = p.tail
	if c.Log != nil {
		out = io.MultiWriter(p.tail, c.Log)
	}
	cmd.Stdout, cmd.Stderr = out, out
	// A grandchild that keeps the output open must not keep Wait from returning.
	cmd.WaitDelay = stopGrace
	release, err := prepare(cmd)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	started := make(chan error, 1)
	go func() {
		defer close(p.done)
		defer release()
		// The kernel's parent-death signal is tied to the thread that started the child, so this thread must live as
		// long as the child does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	go func() {
		select {
		case <-ctx.Done():
			p.Stop()
		case <-p.done:
		}
	}()
	return p, nil
}

// Run starts the program and waits for its end. A build or an installation ends with us too.
func Run(ctx context.Context, c Command) error {
	p, err := Start(ctx, c)
	if err != nil {
		return err
	}
	<-p.done
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case p.err != nil:
		return p.Exited()
	}
	return nil
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the id of the process that Stop ends.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Stop ends the program, first politely, and returns when it is gone. It may be called more than once.
func (p *Process) Stop() {
	p.stop.Do(func() {
		interrupt(p.cmd)
		select {
		case <-p.done:
		case <-time.After(stopGrace):
			kill(p.cmd)
		}
	})
	<-p.done
}

// Tail returns the last lines the program printed.
func (p *Process) Tail() string { return p.tail.String() }

// Exited explains the end of a program that should still be running.
func (p *Process) Exited() error {
	<-p.done
	why := "ended"
	if p.err != nil {
		why = p.err.Error()
	}
	if last := p.Tail(); last != "" {
		return fmt.Errorf("%s: %s", why, last)
	}
	return fmt.Errorf("%s without a word", why)
}

// tail keeps the last bytes written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write keeps the end of what is written.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if extra := len(t.buf) - tailBytes; extra > 0 {
		t.buf = bytes.Clone(t.buf[extra:])
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.buf))
}
