//go:build unix && !linux

package tool

import "os/exec"

func guarded(path string, args []string) *exec.Cmd { return shellGuarded(path, args) }

func prepare(cmd *exec.Cmd) (release func(), err error) { return holdPipe(cmd) }
