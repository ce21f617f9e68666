package lab

// fetch.go answers: how do a version's jars get into the cache, whole and right, whoever else is fetching? Next: java.go.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// fetchHeadroom is asked for on top of the jars, which lie on the disk twice (mvn's local repository and the cache).
	fetchHeadroom = 256 << 20
	// fetchAttempts: mvn is run again once when a download was cut off; what arrived is kept, so the second is short.
	fetchAttempts = 2
)

// Fetch brings the jars of the named versions into the cache, verifies each against lab.lock, and tells progress.
// Jars that are there and right are not asked for. It may run in several processes at once.
func Fetch(ctx context.Context, progress func(Event), versions ...string) error {
	cache, err := CacheDir()
	if err != nil {
		return err
	}
	for _, name := range versions {
		if _, err := find(name); err != nil {
			return err
		}
		jars, err := lockedJars(name)
		if err != nil {
			return err
		}
		if err := fetchJars(ctx, cache, name, jars, progress); err != nil {
			return err
		}
	}
	return nil
}

// fetchJars makes the cache hold the given jars. A jar enters the cache by rename after its sum was checked, so a
// file that is there is whole; it is read again all the same, since disks and people change files.
func fetchJars(ctx context.Context, cache, name string, jars []jar, progress func(Event)) error {
	missing, err := missingJars(cache, jars)
	if err != nil || len(missing) == 0 {
		return err
	}
	return withLock(cache, "fetch.lock", func() error {
		// Another process may have fetched them while this one waited.
		missing, err := missingJars(cache, jars)
		if err != nil || len(missing) == 0 {
			return err
		}
		if err := checkSpace(cache, missing); err != nil {
			return err
		}
		return fetchMissing(ctx, cache, name, missing, progress)
	})
}

func fetchMissing(ctx context.Context, cache, name string, missing []jar, progress func(Event)) error {
	work, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return fmt.Errorf("make a folder for mvn: %w", err)
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), copyPom(missing), 0o644); err != nil {
		return fmt.Errorf("write the pom: %w", err)
	}
	byName := map[string]bool{}
	for _, j := range missing {
		byName[j.shortName()] = true
	}
	report(progress, Event{Version: name, Stage: StageFetch, Total: len(missing), Text: "asking mvn for the server's jars"})
	done := map[string]bool{}
	line := func(text string) {
		file, ok := downloadedFile(text)
		if ok && byName[file] && !done[file] {
			done[file] = true
			report(progress, Event{Version: name, Stage: StageFetch, Done: len(done), Total: len(missing), Text: file})
		}
	}
	out := filepath.Join(work, "out")
	for attempt := 1; ; attempt++ {
		err = runMaven(ctx, work, line, dependencyPlugin+":copy", "-DoutputDirectory="+out, "-Dmdep.prependGroupId=true", "-Dmdep.overWriteReleases=true")
		if err == nil {
			break
		}
		if !errors.Is(err, ErrDownload) || attempt == fetchAttempts {
			return err
		}
	}
	return adopt(out, cache, missing)
}

// downloadedFile reads the jar's name from mvn's "Downloaded from x: URL (...)" and "Copying name.jar to ..." lines.
func downloadedFile(line string) (string, bool) {
	if _, rest, ok := strings.Cut(line, "Downloaded from "); ok {
		_, rest, _ = strings.Cut(rest, ": ")
		url, _, _ := strings.Cut(rest, " ")
		return url[strings.LastIndexByte(url, '/')+1:], true
	}
	if _, rest, ok := strings.Cut(line, "Copying "); ok {
		file, _, found := strings.Cut(rest, " to ")
		return file, found
	}
	return "", false
}

// adopt checks what mvn delivered and moves it into the cache.
func adopt(from, cache string, jars []jar) error {
	for _, j := range jars {
		path := filepath.Join(from, j.delivered())
		sum, err := sumOf(path)
		if err != nil {
			return &Error{Kind: ErrDownload, What: "mvn did not deliver " + j.coordinates(), Err: err, Hint: "run it again"}
		}
		if sum != j.sha256 {
			return &Error{Kind: ErrChecksum, What: fmt.Sprintf("%s has sha256 %s, lab.lock wants %s", j.coordinates(), sum, j.sha256),
				Hint: "delete it from mvn's local repository (~/.m2/repository) and run again; if it comes back, the mirror serves other bytes"}
		}
		if err := os.MkdirAll(filepath.Dir(j.path(cache)), 0o755); err != nil {
			return fmt.Errorf("make the jars' folder: %w", err)
		}
		if err := os.Rename(path, j.path(cache)); err != nil {
			return fmt.Errorf("move a jar into the cache: %w", err)
		}
	}
	return nil
}

func missingJars(cache string, jars []jar) ([]jar, error) {
	var missing []jar
	for _, j := range jars {
		sum, err := sumOf(j.path(cache))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("check a cached jar: %w", err)
		}
		if err != nil || sum != j.sha256 {
			missing = append(missing, j)
		}
	}
	return missing, nil
}

func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func checkSpace(cache string, jars []jar) error {
	var need int64 = fetchHeadroom
	for _, j := range jars {
		need += 2 * j.size
	}
	free, err := freeBytes(cache)
	if err != nil {
		return fmt.Errorf("ask for free disk space: %w", err)
	}
	return spaceError(cache, need, free)
}

func spaceError(dir string, need, free int64) error {
	if free >= need {
		return nil
	}
	return &Error{Kind: ErrNoSpace, What: fmt.Sprintf("%s has %d MB free, %d MB are needed", dir, free>>20, need>>20),
		Hint: "free some space, or set " + CacheEnv + " to a folder on another disk"}
}
