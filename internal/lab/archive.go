package lab

// archive.go answers: why do later starts of a version take half the time of the first? The JVM keeps its classes in an
// archive when it ends (class data sharing, JEP 350) and maps it in the next start. Writing one costs as much as five
// starts, so only a version that is started often gets one. An archive that doesn't fit is ignored by the JVM: nothing
// but speed depends on it.

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// firstArchiving is the first Java that writes an archive at its exit.
	firstArchiving = 13
	// startsBefore is how often a version was started before it counts as started often.
	startsBefore = 3
	// recordLimit is how long a JVM may write its archive; on a loaded machine it has been seen to need 30 seconds.
	recordLimit = 2 * time.Minute
)

// archive is one version's class archive.
type archive struct {
	// path is where it is or will be; recording is where this start writes one, or empty.
	path, recording string
}

// findArchive names the archive that fits this JDK and these jars, as the JVM judges it: same paths, sizes and times.
func findArchive(cache, home string, v version, j jdk, jars []jar, classPath []string) archive {
	if j.major < firstArchiving {
		return archive{}
	}
	hash := sha256.New()
	release, err := os.ReadFile(filepath.Join(j.home, "release"))
	if err != nil {
		return archive{}
	}
	fmt.Fprintf(hash, "%s\n%s\n", j.home, release)
	paths := slices.Clone(classPath)
	for _, one := range jars {
		paths = append(paths, one.path(cache))
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return archive{}
		}
		fmt.Fprintf(hash, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
	}
	folder := filepath.Join(cache, "cds")
	a := archive{path: filepath.Join(folder, v.name+"-"+hex.EncodeToString(hash.Sum(nil)[:hashBytes])+".jsa")}
	switch {
	case isFile(a.path):
		return a
	case os.MkdirAll(folder, 0o755) == nil && startedOften(filepath.Join(folder, v.name+".starts")):
		a.recording = filepath.Join(folder, filepath.Base(home)+".tmp")
		return a
	}
	return archive{}
}

// startedOften counts this start: the counter is a file that grows by a byte each time.
func startedOften(counter string) bool {
	file, err := os.OpenFile(counter, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false
	}
	_, err = file.WriteString(".")
	return err == nil && info.Size() >= startsBefore
}

// flags are the JVM's; its remarks on classes that it can't archive are nobody's concern.
func (a archive) flags() []string {
	switch {
	case a.path == "":
		return nil
	case a.recording != "":
		return []string{"-XX:ArchiveClassesAtExit=" + a.recording, "-Xlog:disable", "-Xlog:all=error:stderr"}
	}
	return []string{"-XX:SharedArchiveFile=" + a.path, "-Xlog:disable", "-Xlog:all=error:stderr"}
}

// keep makes what a JVM recorded the version's archive, in place of older ones; whole says that the JVM ended by itself.
func (a archive) keep(v string, whole bool) {
	if a.recording == "" {
		return
	}
	if !whole || os.Rename(a.recording, a.path) != nil {
		// Nothing was recorded, or not all of it: the next start tries again.
		_ = os.Remove(a.recording)
		return
	}
	found, err := filepath.Glob(filepath.Join(filepath.Dir(a.path), v+"-*.jsa"))
	if err != nil {
		return
	}
	for _, other := range found {
		if other != a.path {
			// An archive that stays only takes space.
			_ = os.Remove(other)
		}
	}
}

// sweepArchives removes recordings whose starter was killed before it could keep them.
func sweepArchives(cache string) {
	found, err := filepath.Glob(filepath.Join(cache, "cds", homePrefix+"*.tmp"))
	if err != nil {
		return
	}
	for _, recording := range found {
		if info, err := os.Stat(recording); err == nil && time.Since(info.ModTime()) > sweepAge && !alive(filepath.Join(os.TempDir(), strings.TrimSuffix(filepath.Base(recording), ".tmp"))) {
			_ = os.Remove(recording)
		}
	}
}
