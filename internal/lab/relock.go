package lab

// relock.go answers: where does lab.lock come from? Only a developer runs this, when the table of versions changes.

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Relock resolves the roots of every version in the table through mvn and returns the text of a new lab.lock.
func Relock(ctx context.Context, progress func(Event)) (string, error) {
	all := map[string][]jar{}
	for _, v := range table {
		jars, err := resolve(ctx, v, progress)
		if err != nil {
			return "", fmt.Errorf("resolve %s: %w", v.name, err)
		}
		all[v.name] = jars
	}
	return formatLock(Versions(), all), nil
}

func resolve(ctx context.Context, v version, progress func(Event)) ([]jar, error) {
	work, err := os.MkdirTemp("", "hikkoshi-relock-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), resolvePom(v.roots), 0o644); err != nil {
		return nil, err
	}
	report(progress, Event{Version: v.name, Stage: StageFetch, Text: "resolving"})
	out := filepath.Join(work, "out")
	err = runMaven(ctx, work, func(string) {}, dependencyPlugin+":copy-dependencies",
		"-Dmdep.useRepositoryLayout=true", "-DincludeScope=runtime", "-DincludeTypes=jar", "-DoutputDirectory="+out)
	if err != nil {
		return nil, err
	}
	var jars []jar
	err = filepath.WalkDir(out, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".jar" {
			return err
		}
		j, err := jarAt(out, path)
		jars = append(jars, j)
		return err
	})
	slices.SortFunc(jars, func(a, b jar) int { return strings.Compare(a.coordinates(), b.coordinates()) })
	return jars, err
}

// jarAt reads coordinates from a path in repository layout: group/as/folders/artifact/version/artifact-version[-classifier].jar.
func jarAt(root, path string) (jar, error) {
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return jar{}, err
	}
	parts := strings.Split(filepath.ToSlash(relative), "/")
	const shortest = 4
	if len(parts) < shortest {
		return jar{}, fmt.Errorf("%s is not in repository layout", relative)
	}
	n := len(parts)
	j := jar{group: strings.Join(parts[:n-3], "."), artifact: parts[n-3], version: parts[n-2]}
	rest := strings.TrimSuffix(strings.TrimPrefix(parts[n-1], j.artifact+"-"+j.version), ".jar")
	j.classifier = strings.TrimPrefix(rest, "-")
	info, err := os.Stat(path)
	if err != nil {
		return jar{}, err
	}
	j.size = info.Size()
	j.sha256, err = sumOf(path)
	return j, err
}
