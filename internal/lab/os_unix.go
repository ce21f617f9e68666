//go:build unix

package lab

// os_unix.go answers: what does the lab ask of a Unix kernel (locks, free space, process groups)?

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// lockFile waits for an exclusive lock; closing the file releases it.
func lockFile(file *os.File) error {
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// lockedByAnother says whether a process other than this one holds a record lock on the file, as the JVM's
// FileChannel.lock takes it.
func lockedByAnother(file *os.File) (bool, error) {
	query := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(file.Fd(), unix.F_GETLK, &query); err != nil {
		return false, err
	}
	return query.Type != unix.F_UNLCK, nil
}

// freeBytes is the space left for this user at dir.
func freeBytes(dir string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}

// ownGroup keeps a terminal's Ctrl-C from reaching the child before its owner has decided; own sessions outlive the terminal.
func ownGroup(cmd *exec.Cmd, ownSession bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !ownSession, Setsid: ownSession}
}

// terminate asks a process to end, with its shutdown hooks.
func terminate(process *os.Process) error { return process.Signal(syscall.SIGTERM) }

const exeSuffix = ""
