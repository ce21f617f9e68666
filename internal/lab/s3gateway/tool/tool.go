// Package tool runs other people's programs for the lab: where they are cached, how only one of us builds
// them at a time, and how they never outlive us.
//
// This file answers: where does what we fetched live, and who may write there now? process.go comes next.
package tool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// CacheEnv names the variable that moves the cache away from the user's cache folder.
const CacheEnv = "HIKKOSHI_CACHE"

const (
	// lockPoll is how often a waiting process looks whether the other one is done: a build takes minutes.
	lockPoll = 200 * time.Millisecond
	dirPerm  = 0o755
)

// errLocked says that another process holds the lock; Lock waits on it.
var errLocked = errors.New("locked by another process")

// CacheDir returns the folder `name` in hikkoshi's cache, made if it is missing.
func CacheDir(name string) (string, error) {
	base := os.Getenv(CacheEnv)
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the user's cache folder: %w; set %s to a folder that may be written", err, CacheEnv)
		}
		base = filepath.Join(user, "hikkoshi")
	}
	base, err := filepath.Abs(base)
	if err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	dir := filepath.Join(base, name)
	if err := os.MkdirAll(dir, dirPerm); err != nil {
		return "", fmt.Errorf("make cache folder: %w; set %s to a folder that may be written", err, CacheEnv)
	}
	return dir, nil
}

// Lock waits until the file lock at path is ours and returns what frees it. The kernel frees it when we die, so a
// killed builder never blocks the next one. waiting, when not nil, is called once if another process holds it.
func Lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for {
		err := tryLock(f)
		if err == nil {
			// Closing the only descriptor frees the lock; the empty file stays, since removing it would race with a waiter.
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, errLocked) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait for lock %s: %w", path, context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// The ports that FreePort chooses from lie below those that kernels give out by themselves (Linux from 32768, macOS, Windows
// and the BSDs from 49152): until its program listens, and while it is started again, no other's connection gets it.
const (
	firstPort, afterPorts = 20_000, 32_768
	portsTried            = 100
)

// FreePort returns a loopback port that nobody listens on now. Another program that asks for this very port may take it
// before ours does: callers start their program, see whether it came up, and try another port.
func FreePort() (port int, err error) {
	for range portsTried {
		port = firstPort + rand.IntN(afterPorts-firstPort)
		var listener net.Listener
		if listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("find a free loopback port: %w", err)
}
