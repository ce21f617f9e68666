package main

// java.go answers: how is Loop.java compiled and run against the Lucene that wrote the files? Next: scroll.go.

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/lab"
)

//go:embed Loop.java
var loopSource []byte

const (
	// warmSeconds of processor time per size and method come before what counts: the compiler has then done its work.
	warmSeconds = 1.0
	// javaSeconds is how long one measurement takes: the JVM counts processor time in steps of 10 ms.
	javaSeconds = 0.5
	// javaHeap is roomy, so that collection costs little.
	javaHeap = "1g"
)

// runJava runs both loops over the indices of a case, in one JVM.
func runJava(ctx context.Context, c config, one benchCase, flats []flat) ([]sample, error) {
	version := one.version
	if other := jarVersions[one.name]; other != "" {
		version = other
	}
	if err := lab.Fetch(ctx, nil, version); err != nil {
		return nil, err
	}
	cache, err := lab.CacheDir()
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "hikkoshi-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	source := filepath.Join(work, "Loop.java")
	if err := os.WriteFile(source, loopSource, 0o644); err != nil {
		return nil, err
	}
	classPath := []string{work}
	for _, name := range one.jars {
		classPath = append(classPath, filepath.Join(cache, "jars", "org.apache.lucene", name+".jar"))
	}
	joined := strings.Join(classPath, string(os.PathListSeparator))
	if out, err := exec.CommandContext(ctx, "javac", "-nowarn", "-cp", joined, "-d", work, source).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("javac: %w: %s", err, out)
	}
	// The opens let Lucene 5 unmap on today's JVMs.
	args := []string{"-Xmx" + javaHeap, "-Xms" + javaHeap, "-XX:+UseSerialGC", "--add-opens", "java.base/java.nio=ALL-UNNAMED",
		"--add-opens", "java.base/jdk.internal.ref=ALL-UNNAMED", "-cp", joined, "Loop",
		fmt.Sprint(c.repeat), fmt.Sprint(javaSeconds), fmt.Sprint(warmSeconds)}
	for _, f := range flats {
		args = append(args, f.folder, fmt.Sprint(f.size))
	}
	cmd := exec.CommandContext(ctx, "java", args...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("java: %w: %.2000s", err, complaints.String())
	}
	return parseSamples(out)
}
