package lab

// ownjars.go answers: which jars does the lab make itself? The compiled launcher, and copies of a server's classes with
// one thing changed. They lie in the cache under names that change with their content. Next: node.go.

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

var (
	//go:embed launcher/Launcher.java
	launcherSource []byte
	//go:embed launcher/LabNode.java
	labNodeSource []byte
	//go:embed launcher/LabShapes.java
	labShapesSource []byte
)

const (
	// launcherRelease is the oldest Java the launcher's classes run on; the versions table asks for no older one.
	launcherRelease = "11"
	// hashBytes of a sum are enough to tell contents apart in a file name.
	hashBytes = 8
	manifest  = "META-INF/MANIFEST.MF"
	jvmInfo   = "org/elasticsearch/monitor/jvm/JvmInfo.class"
	// shapesPlugin is the class of LabShapes.java.
	shapesPlugin = "LabShapes"
)

// classPath gives the class path of a version: the launcher first, then what the lab changes, then the server's jars.
// Everything on it is a jar in the cache, so that a class archive fits the next start too (see archive.go).
func classPath(ctx context.Context, cache string, v version, j jdk, jars []jar) ([]string, error) {
	launcher, err := compiled(ctx, cache, j, "Launcher", launcherSource, "")
	if err != nil {
		return nil, err
	}
	path := []string{launcher}
	var servers []string
	for _, one := range jars {
		file := one.path(cache)
		if strings.Contains(v.withoutManifest, one.artifact) {
			file, err = rewritten(cache, one, func(name string, _ []byte) ([]byte, bool) { return nil, name != manifest })
		}
		if err == nil && v.patchJvmInfo && one.artifact == "elasticsearch" {
			var patched string
			patched, err = rewritten(cache, one, patchJvmInfo)
			path = append(path, patched)
		}
		if err != nil {
			return nil, err
		}
		servers = append(servers, file)
	}
	against := strings.Join(servers, string(os.PathListSeparator))
	if v.abstractNode {
		labNode, err := compiled(ctx, cache, j, "LabNode", labNodeSource, against)
		if err != nil {
			return nil, err
		}
		path = append(path, labNode)
	}
	if v.unnamedShapes {
		server := "org.elasticsearch"
		if isOpenSearch(v.name) {
			server = "org.opensearch"
		}
		labShapes, err := compiled(ctx, cache, j, shapesPlugin, bytes.ReplaceAll(labShapesSource, []byte("SERVER"), []byte(server)), against)
		if err != nil {
			return nil, err
		}
		path = append(path, labShapes)
	}
	if v.modular {
		return path, nil // the rest goes on the module path; see layModules
	}
	return append(path, servers...), nil
}

// patchJvmInfo makes 1.x's JvmInfo ask for the library path where it asked for the boot class path, which throws since
// Java 9. Only the constant with the method's name is changed; both methods give a String.
func patchJvmInfo(name string, code []byte) ([]byte, bool) {
	if name != jvmInfo {
		return nil, false
	}
	// A constant of the pool: tag 1, length in two bytes, the name.
	return bytes.Replace(code, []byte("\x01\x00\x10getBootClassPath"), []byte("\x01\x00\x0egetLibraryPath"), 1), true
}

// compiled gives the jar of one compiled class; compiled once, a start saves the second that javac takes.
func compiled(ctx context.Context, cache string, j jdk, class string, source []byte, classPath string) (string, error) {
	return ownJar(cache, class, append(append([]byte{}, source...), classPath...), func(work string) (map[string][]byte, error) {
		file := filepath.Join(work, class+".java")
		if err := os.WriteFile(file, source, 0o644); err != nil {
			return nil, fmt.Errorf("write %s: %w", class, err)
		}
		arguments := []string{"--release", launcherRelease, "-proc:none", "-nowarn", "-d", filepath.Join(work, "classes")}
		if classPath != "" {
			arguments = append(arguments, "-cp", classPath)
		}
		output, err := exec.CommandContext(ctx, j.javac(), append(arguments, file)...).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("compile %s with %s: %w\n%s", class, j.javac(), err, output)
		}
		return readFolder(filepath.Join(work, "classes"))
	})
}

// rewritten gives a copy of a jar with only the files that keep wants, some of them changed.
func rewritten(cache string, original jar, keep func(name string, content []byte) (changed []byte, kept bool)) (string, error) {
	return ownJar(cache, original.artifact, []byte(original.sha256), func(string) (map[string][]byte, error) {
		archive, err := zip.OpenReader(original.path(cache))
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", original.shortName(), err)
		}
		defer archive.Close()
		files := map[string][]byte{}
		for _, entry := range archive.File {
			if entry.FileInfo().IsDir() {
				continue
			}
			content, err := readEntry(entry)
			if err != nil {
				return nil, fmt.Errorf("read %s of %s: %w", entry.Name, original.shortName(), err)
			}
			if changed, kept := keep(entry.Name, content); kept {
				files[entry.Name] = content
				if changed != nil {
					files[entry.Name] = changed
				}
			}
		}
		return files, nil
	})
}

func readEntry(entry *zip.File) ([]byte, error) {
	reader, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	// The jar's sum was checked, so its size is what its publisher meant.
	return io.ReadAll(reader)
}

// ownJar gives the cached jar whose content follows from key, building it when it isn't there.
func ownJar(cache, name string, key []byte, build func(work string) (map[string][]byte, error)) (string, error) {
	sum := sha256.Sum256(key)
	path := filepath.Join(cache, "own", name+"-"+hex.EncodeToString(sum[:hashBytes])+".jar")
	if isFile(path) {
		return path, nil
	}
	return path, withLock(cache, "own.lock", func() error {
		if isFile(path) {
			return nil
		}
		work, err := os.MkdirTemp(cache, "own-")
		if err != nil {
			return fmt.Errorf("make a folder for %s: %w", name, err)
		}
		defer os.RemoveAll(work)
		files, err := build(work)
		if err != nil {
			return err
		}
		made := filepath.Join(work, "made.jar")
		if err := writeJar(made, files); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Rename(made, path))
	})
}

func writeJar(path string, files map[string][]byte) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	archive := zip.NewWriter(file)
	for name, content := range files {
		entry, err := archive.Create(name)
		if err == nil {
			_, err = entry.Write(content)
		}
		if err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return errors.Join(archive.Close(), file.Close())
}

func readFolder(folder string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	return files, err
}
