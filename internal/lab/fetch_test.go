package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheLockNamesJarsForEveryVersion(t *testing.T) {
	t.Parallel()
	all, err := parseLock(lockText)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range table {
		server, _, _ := strings.Cut(v.roots[0], ":")
		found := false
		for _, j := range all[v.name] {
			found = found || j.group == server && j.version == strings.TrimPrefix(v.name, OpenSearch)
		}
		if !found {
			t.Errorf("lab.lock has no server jar for %s", v.name)
		}
	}
	if again := formatLock(Versions(), all); again != lockText {
		t.Error("lab.lock is not what formatLock writes")
	}
}

func TestALineOfTheLockThatIsWrongIsRefusedWithItsNumber(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("ab", 32)
	for _, line := range []string{"a:b:c 1", "a:b 1 " + sum, "a:b:c:d:e 1 " + sum, "a:b:c 0 " + sum, "a:b:c -1 " + sum, "a:b:c x " + sum, "a:b:c 1 abcd", "a:b:c 1 " + sum + "zz"} {
		if _, err := parseLock("[1]\n" + line); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q gave %v", line, err)
		}
	}
	if _, err := parseLock("a:b:c 1 " + sum); err == nil {
		t.Error("a jar before any version was accepted")
	}
}

func TestAJarWithAnotherSumIsRefusedAndNotKept(t *testing.T) {
	t.Parallel()
	from, cache := t.TempDir(), t.TempDir()
	j := jar{group: "g", artifact: "a", version: "1", size: 3, sha256: strings.Repeat("00", 32)}
	if err := os.WriteFile(filepath.Join(from, j.delivered()), []byte("jar"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := adopt(from, cache, []jar{j})
	if !errors.Is(err, ErrChecksum) {
		t.Fatalf("got %v", err)
	}
	if hint := new(Error); !errors.As(err, &hint) || hint.Hint == "" {
		t.Errorf("no hint in %v", err)
	}
	if _, err := os.Stat(j.path(cache)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the jar was kept: %v", err)
	}
}

func TestAJarThatMvnDidNotDeliverIsAFailedDownload(t *testing.T) {
	t.Parallel()
	j := jar{group: "g", artifact: "a", version: "1", size: 3, sha256: strings.Repeat("00", 32)}
	if err := adopt(t.TempDir(), t.TempDir(), []jar{j}); !errors.Is(err, ErrDownload) {
		t.Fatalf("got %v", err)
	}
}

func TestADamagedJarInTheCacheIsFetchedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("asks mvn for a jar")
	}
	cache := t.TempDir()
	jars, err := lockedJars("2.3.2")
	if err != nil {
		t.Fatal(err)
	}
	jars = jars[:1]
	var events []Event
	fetch := func() {
		t.Helper()
		if err := fetchJars(t.Context(), cache, "2.3.2", jars, func(e Event) { events = append(events, e) }); err != nil {
			t.Fatal(err)
		}
	}
	fetch()
	whole, err := os.ReadFile(jars[0].path(cache))
	if err != nil {
		t.Fatal(err)
	}
	asked := len(events)
	if asked == 0 {
		t.Error("no progress was told")
	}
	fetch()
	if len(events) != asked {
		t.Error("a whole jar was fetched again")
	}
	damaged := append([]byte{}, whole...)
	damaged[len(damaged)/2] ^= 1
	if err := os.WriteFile(jars[0].path(cache), damaged, 0o644); err != nil {
		t.Fatal(err)
	}
	fetch()
	if sum, err := sumOf(jars[0].path(cache)); err != nil || sum != jars[0].sha256 {
		t.Errorf("after fetching again the sum is %s, %v", sum, err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "fetch-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("mvn's folder was left: %v %v", left, err)
	}
}

func TestWithoutMvnTheErrorSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(CacheEnv, t.TempDir())
	err := Fetch(t.Context(), nil, "2.3.2")
	if !errors.Is(err, ErrNoMaven) || !strings.Contains(err.Error(), "install Apache Maven") {
		t.Fatalf("got %v", err)
	}
}

func TestAnUnknownVersionIsRefusedWithTheListOfKnownOnes(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Options{Version: "2.3.3"})
	if !errors.Is(err, ErrUnknownVersion) || !strings.Contains(err.Error(), "2.3.2, 2.4.6") {
		t.Fatalf("got %v", err)
	}
}

func TestTooLittleSpaceIsToldWithTheVariableThatMovesTheCache(t *testing.T) {
	t.Parallel()
	err := spaceError("/cache", 300<<20, 10<<20)
	if !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), "10 MB free, 300 MB are needed") || !strings.Contains(err.Error(), CacheEnv) {
		t.Fatalf("got %v", err)
	}
	if err := spaceError("/cache", 1, 1); err != nil {
		t.Fatal(err)
	}
	if free, err := freeBytes(t.TempDir()); err != nil || free <= 0 {
		t.Fatalf("free space is %d, %v", free, err)
	}
}

// The lines are what Maven 3.8.7 printed against servers that behaved so.
func TestWhatMvnComplainsOfBecomesAKindAndAHint(t *testing.T) {
	t.Parallel()
	const prefix = "Failed to execute goal org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy (default-cli) on project lab: Unable to find/resolve artifact. "
	for _, c := range []struct {
		line, says string
		kind       error
	}{
		{prefix + "Failed to read artifact descriptor for org.hdrhistogram:HdrHistogram:jar:2.1.5: Could not transfer artifact org.hdrhistogram:HdrHistogram:pom:2.1.5 from/to central (http://127.0.0.1:18081): GET request of: org/hdrhistogram/HdrHistogram/2.1.5/HdrHistogram-2.1.5.pom from central failed: Premature end of Content-Length delimited message body (expected: 5,000; received: 1,000)", "cut off", ErrDownload},
		{prefix + "Could not find artifact org.hdrhistogram:HdrHistogram:jar:2.1.5 in central (http://127.0.0.1:18082)", "does not have a jar", ErrDownload},
		{prefix + "Could not transfer artifact org.hdrhistogram:HdrHistogram:pom:2.1.5 from/to central (http://127.0.0.1:18083): transfer failed for http://127.0.0.1:18083/org/hdrhistogram/HdrHistogram/2.1.5/HdrHistogram-2.1.5.pom, status: 503 Service Unavailable", "could not fetch", ErrDownload},
		{prefix + "Could not transfer artifact org.hdrhistogram:HdrHistogram:pom:2.1.5 from/to central (http://127.0.0.1:18084): transfer failed for http://127.0.0.1:18084/org/hdrhistogram/HdrHistogram/2.1.5/HdrHistogram-2.1.5.pom: Connect to 127.0.0.1:18084 [/127.0.0.1] failed: Connection refused", "could not reach", ErrDownload},
		{prefix + "Could not transfer artifact org.hdrhistogram:HdrHistogram:pom:2.1.5 from/to central (http://no-such-host.invalid): transfer failed for http://no-such-host.invalid/org/hdrhistogram/HdrHistogram/2.1.5/HdrHistogram-2.1.5.pom: no-such-host.invalid: Name or service not known", "could not reach", ErrDownload},
		{"The JAVA_HOME environment variable is not defined correctly,", "JAVA_HOME", ErrNoJDK},
		{prefix + "Error copying artifact: No space left on device", "free some space", ErrNoSpace},
	} {
		err := mavenError([]string{c.line, "To see the full stack trace of the errors, re-run Maven with the -e switch."}, errors.New("exit status 1"))
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "\n"+c.line) {
			t.Errorf("%s\ngave %v", c.line, err)
		}
	}
}

func TestDownloadedAndCopiedFilesAreReadFromMvnsLines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"Downloaded from central: https://example.invalid/maven2/com/carrotsearch/hppc/0.7.1/hppc-0.7.1.jar (1.4 MB at 5.0 MB/s)": "hppc-0.7.1.jar",
		"[INFO] Copying hppc-0.7.1.jar to /tmp/out/com.carrotsearch.hppc-0.7.1.jar":                                               "hppc-0.7.1.jar",
		"[INFO] BUILD SUCCESS": "",
		"Downloaded from ":     "",
	} {
		if got, _ := downloadedFile(line); got != want {
			t.Errorf("%q gave %q, want %q", line, got, want)
		}
	}
}
