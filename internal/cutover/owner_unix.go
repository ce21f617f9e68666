//go:build unix

package cutover

// owner_unix.go answers: whose file is it, and which process reads it, on systems with users and signals?

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// modeBits are the bits that chmod sets.
const modeBits = os.ModePerm | os.ModeSetuid | os.ModeSetgid | os.ModeSticky

func ownerOf(path string) (owner, error) {
	info, err := os.Stat(path)
	if err != nil {
		return owner{}, err
	}
	own := owner{mode: info.Mode() & modeBits, uid: -1, gid: -1}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		own.uid, own.gid = int(stat.Uid), int(stat.Gid)
	}
	return own, nil
}

// keepOwner gives the file its owner back. Whoever is not root and replaces his own file may keep a group he is not in.
func keepOwner(file *os.File, own owner) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) == own.uid && int(stat.Gid) == own.gid {
		return nil
	}
	if err := file.Chown(own.uid, own.gid); err != nil {
		return fmt.Errorf("keep owner %d:%d: %w", own.uid, own.gid, err)
	}
	return nil
}

// signals are those a writer may be sent.
var signals = map[string]syscall.Signal{"SIGHUP": syscall.SIGHUP, "SIGUSR1": syscall.SIGUSR1, "SIGUSR2": syscall.SIGUSR2, "SIGTERM": syscall.SIGTERM}

func sendSignal(pid int, name string) error {
	if err := syscall.Kill(pid, signals[name]); err != nil {
		hint := "run as root or as the user of the process"
		if errors.Is(err, syscall.ESRCH) {
			hint = "start the writer; the change is on disk"
		}
		return problem(hint, fmt.Errorf("send %s to process %d: %w", name, pid, err))
	}
	return nil
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
