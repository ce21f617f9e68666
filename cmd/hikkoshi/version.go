package main

// version.go answers: which build is this?

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in releases (-X main.version=…); otherwise the module's own is used.
var version string

type versionCommand struct{}

// Run prints the version, the commit where it is known, and the Go version.
func (versionCommand) Run(_ context.Context, call *invocation) error {
	name, commit := build()
	call.View.Print(fmt.Sprintf("hikkoshi %s %s %s/%s %s", name, runtime.Version(), runtime.GOOS, runtime.GOARCH, commit))
	return call.View.Result(map[string]string{"version": name, "commit": commit, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
}

// build gives the version and, where it is known, the commit.
func build() (name, commit string) {
	name = version
	if info, ok := debug.ReadBuildInfo(); ok {
		if name == "" {
			name = info.Main.Version
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				commit = setting.Value
			}
		}
	}
	if name == "" {
		name = "development"
	}
	return name, commit
}
