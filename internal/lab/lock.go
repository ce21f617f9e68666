package lab

// lock.go answers: which jars exactly make each version? lab.lock is the answer, one line per jar; this file reads it.

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed lab.lock
var lockText string

// jar is one line of lab.lock.
type jar struct {
	group, artifact, version, classifier string
	size                                 int64
	sha256                               string
}

// delivered is the jar's name in mvn's output folder: the group is part of it, since artifacts of different groups
// share names.
func (j jar) delivered() string { return j.group + "." + j.shortName() }

// path is where the cache keeps the jar. The file's own name stays as published: the module system derives names from it.
func (j jar) path(cache string) string { return filepath.Join(cache, "jars", j.group, j.shortName()) }

// shortName is the jar's name as the repository has it.
func (j jar) shortName() string {
	name := j.artifact + "-" + j.version
	if j.classifier != "" {
		name += "-" + j.classifier
	}
	return name + ".jar"
}

func (j jar) coordinates() string {
	text := j.group + ":" + j.artifact + ":" + j.version
	if j.classifier != "" {
		text += ":" + j.classifier
	}
	return text
}

// parseLock reads the lock: "[version]" opens a section, "group:artifact:version[:classifier] size sha256" is a jar.
func parseLock(text string) (map[string][]jar, error) {
	jars := map[string][]jar{}
	section := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = line[1 : len(line)-1]
			jars[section] = nil
		default:
			j, err := parseLockLine(line)
			if err == nil && section == "" {
				err = fmt.Errorf("jar before any [version]")
			}
			if err != nil {
				return nil, fmt.Errorf("lab.lock line %d: %w", i+1, err)
			}
			jars[section] = append(jars[section], j)
		}
	}
	return jars, nil
}

func parseLockLine(line string) (jar, error) {
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return jar{}, fmt.Errorf("want coordinates, size, sha256; have %q", line)
	}
	parts := strings.Split(fields[0], ":")
	if len(parts) != 3 && len(parts) != 4 {
		return jar{}, fmt.Errorf("bad coordinates %q", fields[0])
	}
	size, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || size <= 0 {
		return jar{}, fmt.Errorf("bad size %q", fields[1])
	}
	if sum, err := hex.DecodeString(fields[2]); err != nil || len(sum) != 32 {
		return jar{}, fmt.Errorf("bad sha256 %q", fields[2])
	}
	j := jar{group: parts[0], artifact: parts[1], version: parts[2], size: size, sha256: fields[2]}
	if len(parts) == 4 {
		j.classifier = parts[3]
	}
	return j, nil
}

func formatLock(order []string, jars map[string][]jar) string {
	var text strings.Builder
	text.WriteString("# The jars of every lab version, by size and sha256. Written by: go test ./internal/lab -run TestRelock -relock\n")
	for _, name := range order {
		fmt.Fprintf(&text, "\n[%s]\n", name)
		for _, j := range jars[name] {
			fmt.Fprintf(&text, "%s %d %s\n", j.coordinates(), j.size, j.sha256)
		}
	}
	return text.String()
}

// lockedJars gives the jars of one version.
func lockedJars(name string) ([]jar, error) {
	all, err := parseLock(lockText)
	if err != nil {
		return nil, err
	}
	jars := all[name]
	if len(jars) == 0 {
		return nil, fmt.Errorf("lab.lock has no jars for %s", name)
	}
	return jars, nil
}
