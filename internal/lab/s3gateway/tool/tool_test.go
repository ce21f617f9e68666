//go:build unix

package tool

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets this test program play the parent that is killed: it starts a long sleep and prints its id.
func TestMain(m *testing.M) {
	switch os.Getenv("TOOL_TEST_PARENT") {
	case "start":
		p, err := Start(context.Background(), Command{Path: "/bin/sleep", Args: []string{"1000"}})
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(strconv.Itoa(p.PID()) + "\n")
		select {}
	case "shell":
		cmd := shellGuarded("/bin/sh", []string{"-c", "echo $$; exec sleep 1000"})
		if _, err := holdPipe(cmd); err != nil {
			panic(err)
		}
		cmd.Stdout = os.Stdout
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		select {}
	}
	os.Exit(m.Run())
}

func TestAProgramEndsWhenItsParentIsKilled(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"start", "shell"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			parent := exec.Command(os.Args[0])
			parent.Env = append(os.Environ(), "TOOL_TEST_PARENT="+way)
			out, err := parent.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				t.Fatal(err)
			}
			if !alive(pid) {
				t.Fatal("the program never ran")
			}
			if err := parent.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			parent.Wait()
			waitGone(t, pid)
		})
	}
}

func TestStopEndsAProgramUnderTheShellGuard(t *testing.T) {
	t.Parallel()
	cmd := shellGuarded("/bin/sh", []string{"-c", "echo $$; exec sleep 1000"})
	release, err := holdPipe(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	interrupt(cmd)
	cmd.Wait()
	waitGone(t, pid)
}

func TestAProgramEndsWithItsContextAndItsEndIsExplained(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p, err := Start(ctx, Command{Path: "/bin/sh", Args: []string{"-c", "echo $GREETING; exec sleep 1000"}, Env: []string{"GREETING=hello"}})
	if err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(p.Tail(), "hello") {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-p.Done()
	if err := p.Exited(); !strings.Contains(err.Error(), "hello") || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("the end is explained as %q", err)
	}
	p.Stop()
}

func TestAMissingProgramIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), Command{Path: "/no/such/program"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestALockIsWaitedForAndGivenUpWithTheContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Lock(ctx, path, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("a held lock gave %v", err)
	}
	unlock()
	again, err := Lock(t.Context(), path, func() { t.Error("a free lock was waited for") })
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestTheCacheMovesWithItsVariable(t *testing.T) {
	base := t.TempDir()
	t.Setenv(CacheEnv, base)
	dir, err := CacheDir("thing")
	if err != nil {
		t.Fatal(err)
	}
	if dir != filepath.Join(base, "thing") {
		t.Errorf("cache is %s", dir)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
	blocked := filepath.Join(base, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(CacheEnv, blocked)
	if _, err := CacheDir("thing"); err == nil || !strings.Contains(err.Error(), "set "+CacheEnv) {
		t.Errorf("a cache that can't be made gave %v", err)
	}
}

// alive tells whether pid runs; a zombie that nobody collected yet does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// waitGone returns when pid is gone; the test's own deadline ends the wait otherwise.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for alive(pid) {
		if t.Context().Err() != nil {
			t.Fatal("the program outlived its parent")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
