//go:build !unix

package cutover

// owner_other.go answers: what is left of owners and signals on systems without them?

import (
	"errors"
	"fmt"
	"os"
)

func ownerOf(path string) (owner, error) {
	info, err := os.Stat(path)
	if err != nil {
		return owner{}, err
	}
	return owner{mode: info.Mode() & os.ModePerm, uid: -1, gid: -1}, nil
}

func keepOwner(*os.File, owner) error { return nil }

func sendSignal(pid int, name string) error {
	return problem("give a command that reloads the writer", fmt.Errorf("send %s to process %d: %w", name, pid, errors.ErrUnsupported))
}

func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	return err == nil && process.Release() == nil
}
