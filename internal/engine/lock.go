package engine

// lock.go answers: how do two processes keep off one journal? The kernel's lock goes with its process. (On Windows
// hikkoshi runs inside WSL: there is no flock.)

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal's lock: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		closeError := file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(WithHint(fmt.Errorf("%s: %w", path, ErrBusy), "wait for it, or stop it; `hikkoshi status` only reads and works meanwhile"), closeError)
		}
		return nil, errors.Join(fmt.Errorf("lock the journal: %w", err), closeError)
	}
	return file, nil
}

// syncFolder makes a new file's name durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync the journal's folder: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
