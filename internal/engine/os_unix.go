//go:build unix

package engine

// os_unix.go answers: what does the journal ask of a Unix kernel (a lock, a name that outlives a power cut)?

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock or gives errHeld; closing the file releases it.
func tryLock(file *os.File) error {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errHeld
	}
	return err
}

// syncFolder makes a new file's name durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync the journal's folder: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
