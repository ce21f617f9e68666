package engine

// lock.go answers: how do two processes keep off one journal? The kernel's lock goes with its process. Next: os_unix.go.

import (
	"errors"
	"fmt"
	"os"
)

// errHeld is tryLock's answer when another process has the lock.
var errHeld = errors.New("another process has the lock")

func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal's lock: %w", err)
	}
	err = tryLock(file)
	switch {
	case errors.Is(err, errHeld):
		return nil, errors.Join(WithHint(fmt.Errorf("%s: %w", path, ErrBusy), "wait for it, or stop it; `hikkoshi status` only reads and works meanwhile"), file.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("lock the journal: %w", err), file.Close())
	}
	return file, nil
}
