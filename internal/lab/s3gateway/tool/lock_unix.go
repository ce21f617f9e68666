//go:build unix

package tool

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock or answers errLocked at once.
func tryLock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}
