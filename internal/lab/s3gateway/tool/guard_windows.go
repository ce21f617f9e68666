package tool

import "os/exec"

// guarded starts the program plainly: on Windows it is ended by Stop alone.
func guarded(path string, args []string) *exec.Cmd { return exec.Command(path, args...) }

func prepare(*exec.Cmd) (release func(), err error) { return func() {}, nil }

func interrupt(cmd *exec.Cmd) { cmd.Process.Kill() }
func kill(cmd *exec.Cmd)      { cmd.Process.Kill() }
