package lab

// java.go answers: which JDK runs a version? Next: ownjars.go.

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// jdk is one Java Development Kit found on this machine.
type jdk struct {
	home  string
	major int
}

func (j jdk) java() string  { return filepath.Join(j.home, "bin", "java"+exeSuffix) }
func (j jdk) javac() string { return filepath.Join(j.home, "bin", "javac"+exeSuffix) }

var (
	javaHomeVariable = regexp.MustCompile(`^JAVA_?HOME(_\d+_\w+)?$|^JAVA\d+_HOME$|^JDK_?\d*_HOME$`)
	javaVersionLine  = regexp.MustCompile(`(?m)^JAVA_VERSION="(?:1\.)?(\d+)`)
)

// findJDK gives the oldest JDK that fits: the servers were made for the Java of their day.
func findJDK(v version) (jdk, error) {
	var found []jdk
	for _, home := range javaHomes() {
		if j, ok := jdkAt(home); ok {
			found = append(found, j)
		}
	}
	slices.SortStableFunc(found, func(a, b jdk) int { return a.major - b.major })
	for _, j := range found {
		if j.major >= v.minJava && (v.maxJava == 0 || j.major <= v.maxJava) {
			return j, nil
		}
	}
	return jdk{}, noJDK(v, found)
}

func noJDK(v version, found []jdk) error {
	want := strconv.Itoa(v.minJava) + " or later"
	if v.maxJava != 0 {
		want = fmt.Sprintf("%d to %d", v.minJava, v.maxJava)
	}
	have := "none"
	if len(found) > 0 {
		var majors []string
		for _, j := range found {
			majors = append(majors, strconv.Itoa(j.major))
		}
		have = strings.Join(slices.Compact(majors), ", ")
	}
	advice := 17
	if v.minJava > advice {
		advice = v.minJava
	}
	return &Error{Kind: ErrNoJDK, What: fmt.Sprintf("%s needs a JDK (with javac) %s; found: %s", v.name, want, have),
		Hint: fmt.Sprintf("install one, e.g. apt-get install openjdk-%d-jdk-headless, or point JAVA%d_HOME at it", advice, advice)}
}

// javaHomes lists folders where a JDK may be: what the environment names, the PATH's java, and the usual places.
func javaHomes() []string {
	var homes []string
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if value != "" && javaHomeVariable.MatchString(name) {
			homes = append(homes, value)
		}
	}
	if java, err := exec.LookPath("java"); err == nil {
		if real, err := filepath.EvalSymlinks(java); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(real)))
		}
	}
	patterns := []string{"/usr/lib/jvm/*", "/usr/java/*", "/opt/java/*", "/opt/*jdk*", "/Library/Java/JavaVirtualMachines/*/Contents/Home",
		"/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home", `C:\Program Files\*\jdk*`}
	if user, err := os.UserHomeDir(); err == nil {
		patterns = append(patterns, filepath.Join(user, ".sdkman/candidates/java/*"), filepath.Join(user, ".jdks/*"))
	}
	for _, pattern := range patterns {
		// The patterns are constants; Glob fails only on a malformed one.
		found, _ := filepath.Glob(pattern)
		homes = append(homes, found...)
	}
	return homes
}

// jdkAt reads the release file, which every JDK since 7 has; running java to ask would cost a second per candidate.
func jdkAt(home string) (jdk, bool) {
	release, err := os.ReadFile(filepath.Join(home, "release"))
	if err != nil {
		return jdk{}, false
	}
	match := javaVersionLine.FindSubmatch(release)
	if match == nil {
		return jdk{}, false
	}
	major, err := strconv.Atoi(string(match[1]))
	j := jdk{home: home, major: major}
	if err != nil || !isFile(j.java()) || !isFile(j.javac()) {
		return jdk{}, false
	}
	return j, true
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
