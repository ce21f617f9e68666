package lab

// maven.go answers: how does the lab ask mvn for jars? By a generated pom and the dependency plugin, so that the
// person's settings.xml (mirrors, proxies, credentials) and local repository are used as everywhere else.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	dependencyPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
	// mavenLines is how many of mvn's complaints an error carries.
	mavenLines = 1
)

func findMaven() (string, error) {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", &Error{Kind: ErrNoMaven, What: "mvn is not on the PATH", Hint: "install Apache Maven 3.6.3 or later, e.g. apt-get install maven or brew install maven"}
	}
	return mvn, nil
}

// runMaven runs one goal on a pom in dir and calls line for each line of output.
func runMaven(ctx context.Context, dir string, line func(string), args ...string) error {
	mvn, err := findMaven()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, mvn, append([]string{"-B", "-f", filepath.Join(dir, "pom.xml")}, args...)...)
	cmd.Dir = dir
	output, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("connect to mvn: %w", err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run mvn: %w", err)
	}
	var complaints []string
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		text := lines.Text()
		line(text)
		if says := strings.TrimSuffix(strings.TrimPrefix(text, "[ERROR] "), " -> [Help 1]"); says != text || strings.Contains(text, "JAVA_HOME") {
			complaints = append(complaints, says)
		}
	}
	// An overlong line must not leave mvn blocked on a full pipe.
	if _, err := io.Copy(io.Discard, output); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("read mvn's output: %w", err)
	}
	err = cmd.Wait()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return mavenError(complaints, err)
}

// mavenError turns mvn's complaints into a kind of failure. The first says what happened; the rest is advice on mvn itself.
func mavenError(complaints []string, cause error) error {
	text := strings.Join(complaints[:min(len(complaints), mavenLines)], "\n")
	failure := &Error{Kind: ErrDownload, What: "mvn could not fetch the jars", Log: text, Err: cause,
		Hint: "run it again, what has arrived is kept; behind a proxy or mirror, set it in ~/.m2/settings.xml"}
	switch {
	case strings.Contains(text, "No space left"):
		failure.Kind, failure.Hint = ErrNoSpace, "free some space for ~/.m2 and the cache ("+CacheEnv+" moves the latter)"
	case strings.Contains(text, "JAVA_HOME"):
		failure.Kind, failure.Hint = ErrNoJDK, "point JAVA_HOME at a JDK 17, or unset it"
	case strings.Contains(text, "Premature end"), strings.Contains(text, "Connection reset"), strings.Contains(text, "Checksum validation failed"):
		failure.What = "a download was cut off"
	case strings.Contains(text, "Could not find artifact"):
		failure.What, failure.Hint = "the repository does not have a jar", "if a mirror is set in ~/.m2/settings.xml, it must pass on all of Maven Central"
	case strings.Contains(text, "Unknown host"), strings.Contains(text, "Name or service not known"), strings.Contains(text, "nodename nor servname"), strings.Contains(text, "Connection refused"), strings.Contains(text, "Network is unreachable"):
		failure.What = "mvn could not reach the repository"
	}
	return failure
}

// copyPom lists jars for dependency:copy, which fetches exactly these and resolves nothing.
func copyPom(jars []jar) []byte {
	return pom(func(text *bytes.Buffer) {
		text.WriteString("<build><plugins><plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><configuration><artifactItems>\n")
		for _, j := range jars {
			text.WriteString("<artifactItem>")
			element(text, "groupId", j.group)
			element(text, "artifactId", j.artifact)
			element(text, "version", j.version)
			if j.classifier != "" {
				element(text, "classifier", j.classifier)
			}
			text.WriteString("<type>jar</type></artifactItem>\n")
		}
		text.WriteString("</artifactItems></configuration></plugin></plugins></build>\n")
	})
}

// resolvePom lists roots for dependency:copy-dependencies, which adds what they depend on; only relocking uses it.
func resolvePom(roots []string) []byte {
	return pom(func(text *bytes.Buffer) {
		text.WriteString("<dependencies>\n")
		for _, root := range roots {
			parts := strings.SplitN(root, ":", 3)
			text.WriteString("<dependency>")
			for i, name := range []string{"groupId", "artifactId", "version"} {
				element(text, name, parts[i])
			}
			text.WriteString("</dependency>\n")
		}
		text.WriteString("</dependencies>\n")
	})
}

func pom(body func(*bytes.Buffer)) []byte {
	var text bytes.Buffer
	text.WriteString(`<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>` +
		"<groupId>hikkoshi</groupId><artifactId>lab</artifactId><version>1</version><packaging>pom</packaging>\n")
	body(&text)
	text.WriteString("</project>\n")
	return text.Bytes()
}

func element(text *bytes.Buffer, name, value string) {
	text.WriteString("<" + name + ">")
	// Writing to a bytes.Buffer cannot fail.
	_ = xml.EscapeText(text, []byte(value))
	text.WriteString("</" + name + ">")
}
