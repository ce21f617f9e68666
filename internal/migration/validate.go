package migration

// validate.go answers: does what the file says make sense by itself, before anything is asked of a cluster?

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

var (
	migrationName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	// domainName is the service's own rule: CreateDomain, parameter DomainName.
	domainName = regexp.MustCompile(`^[a-z][a-z0-9-]{2,27}$`)
	// bucketName is S3's rule for general purpose buckets, without dots, which break TLS.
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
)

// Validate checks what can be checked without asking anybody; file stands in errors.
func (m *Migration) Validate(file string) error {
	checks := []func() (message, hint string){
		m.checkName, m.checkSides, m.checkRepository, m.checkChoices, m.checkIndices, m.checkLoad, m.checkWriters,
	}
	for _, check := range checks {
		if message, hint := check(); message != "" {
			return &Error{File: file, Message: message, Hint: hint}
		}
	}
	return nil
}

func (m *Migration) checkName() (string, string) {
	if !migrationName.MatchString(m.Name) {
		return fmt.Sprintf("name %q: only a-z, 0-9, _ and - are allowed, at most 63 of them", m.Name), "it becomes part of snapshot names, which must be lower case"
	}
	return "", ""
}

func (m *Migration) checkSides() (string, string) {
	for _, side := range []struct {
		name string
		side Side
	}{{"source", m.Source}, {"target", m.Target}} {
		if (side.side.Domain == "") == (side.side.URL == "") {
			return side.name + ": give either domain or url", "domain is the name of an AWS domain; url any other cluster's address, such as http://10.0.0.5:9200"
		}
		if side.side.Domain != "" && !domainName.MatchString(side.side.Domain) {
			return fmt.Sprintf("%s.domain %q is not a domain's name", side.name, side.side.Domain), "3 to 28 of a-z, 0-9 and -, starting with a letter; for an address use url"
		}
		if message, hint := checkURL(side.name+".url", side.side.URL); message != "" {
			return message, hint
		}
		if message, hint := side.side.Auth.check(side.name + ".auth"); message != "" {
			return message, hint
		}
		if side.side.Version != "" {
			if _, err := es.ParseVersion(side.side.Version); err != nil {
				return fmt.Sprintf("%s.version: %v", side.name, err), "write it like 5.5, 7.10 or OpenSearch_2.19"
			}
		}
	}
	if m.Source.Label() == m.Target.Label() {
		return "source and target are the same cluster", "the move is blue/green: the target is a second cluster"
	}
	return "", ""
}

func checkURL(key, text string) (string, string) {
	if text == "" {
		return "", ""
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fmt.Sprintf("%s %q is not an http or https address", key, withoutPassword(text)), "write it like https://search.example.org:443"
	}
	if _, hasPassword := parsed.User.Password(); hasPassword {
		return key + " holds a password", "take it out and set auth.user with auth.password_env or auth.password_file"
	}
	return "", ""
}

func withoutPassword(text string) string {
	if scheme, rest, found := strings.Cut(text, "://"); found {
		if _, host, found := strings.Cut(rest, "@"); found {
			return scheme + "://***@" + host
		}
	}
	return text
}

func (a Auth) check(key string) (string, string) {
	ways := 0
	for _, used := range []bool{a.User != "", a.APIKeyEnv != "", a.SigV4} {
		if used {
			ways++
		}
	}
	switch {
	case ways > 1:
		return key + " has several ways to authenticate", "keep one of user, api_key_env and sigv4"
	case a.User != "" && (a.PasswordEnv == "") == (a.PasswordFile == ""):
		return key + ".user needs a password", "set either password_env, the name of an environment variable, or password_file"
	case a.User == "" && (a.PasswordEnv != "" || a.PasswordFile != ""):
		return key + " has a password without a user", "set auth.user"
	case (a.Certificate == "") != (a.Key == ""):
		return key + ": certificate and key go together", "give both files"
	}
	return "", ""
}

func (m *Migration) checkRepository() (string, string) {
	repository := m.Repository
	switch {
	case repository.Type == RepositoryFS && repository.Location == "":
		return "repository.location is missing", "an fs repository needs the folder's path as both clusters see it (path.repo)"
	case repository.Type == RepositoryFS && repository.Bucket != "":
		return "repository has both a bucket and type fs", "keep bucket for s3, or location for fs"
	case repository.Type == RepositoryNone && (repository.Bucket != "" || repository.Location != ""):
		return "repository has type none and a place", "keep bucket or location, or type none"
	case repository.Type == RepositoryS3 && repository.Bucket == "":
		return "repository.bucket is missing", "name the S3 bucket for the snapshots; it is created if it does not exist. Where no snapshot can be had, repository: {type: none} reads through the source's search API"
	case repository.Type == RepositoryS3 && !bucketName.MatchString(repository.Bucket):
		return fmt.Sprintf("repository.bucket %q is not a bucket's name", repository.Bucket), "3 to 63 of a-z, 0-9 and -"
	case strings.HasPrefix(repository.Name, "cs-"):
		return fmt.Sprintf("repository.name %q begins with cs-", repository.Name), "AWS keeps that prefix for its own automated snapshots"
	case strings.HasPrefix(repository.BasePath, "/") || strings.Contains(repository.BasePath, ".."):
		return fmt.Sprintf("repository.base_path %q", repository.BasePath), "a path inside the bucket, without a leading / or .."
	}
	return "", ""
}

func (m *Migration) checkChoices() (string, string) {
	for _, choice := range []struct {
		key, value string
		allowed    []string
	}{
		{"repository.type", m.Repository.Type, []string{RepositoryS3, RepositoryFS, RepositoryNone}},
		{"kibana", m.Kibana, []string{KibanaMigrate, KibanaKeepTarget, KibanaBeside}},
		{"indices.closed", m.Indices.Closed, []string{"", ClosedOpen, ClosedSkip}},
		{"indices.existing", m.Indices.Existing, []string{ExistingRefuse, ExistingSkip, ExistingReplace}},
		{"load.gzip", m.Load.Gzip, []string{"", GzipAuto, GzipOn, GzipOff}},
		{"cutover.protocol", m.Cutover.Protocol, []string{ProtocolSwitch, ProtocolFence}},
	} {
		if !slices.Contains(choice.allowed, choice.value) {
			return fmt.Sprintf("%s: %q is unknown", choice.key, choice.value), "use " + strings.TrimPrefix(strings.Join(choice.allowed, ", "), ", ")
		}
	}
	return "", ""
}

func (m *Migration) checkIndices() (string, string) {
	taken := map[string]string{}
	for from, to := range m.Indices.Rename {
		if to != strings.ToLower(to) || to == "" || strings.ContainsAny(to, " \\/*?\"<>|,#:") || strings.ContainsAny(to[:1], "-+_") {
			return fmt.Sprintf("indices.rename: %q is no index name", to), `lower case, without \ / * ? " < > | , # : and blanks, not starting with - + _`
		}
		if other, exists := taken[to]; exists {
			return fmt.Sprintf("indices.rename: %s and %s both become %s", min(from, other), max(from, other), to), "give each its own name"
		}
		taken[to] = from
	}
	for _, pattern := range slices.Sorted(maps.Keys(m.Indices.Routes)) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Sprintf("indices.routes: %q is no pattern", pattern), "use * for any characters"
		}
		if routes := []string{RouteRestore, RouteBackfill, RouteScroll, RouteSkip}; !slices.Contains(routes, m.Indices.Routes[pattern]) {
			return fmt.Sprintf("indices.routes: %q is no route", m.Indices.Routes[pattern]), "use " + strings.Join(routes, ", ")
		}
	}
	return "", ""
}

func (m *Migration) checkLoad() (string, string) {
	limits := m.Load
	for _, limit := range []struct {
		key   string
		value float64
		most  float64
	}{
		{"max_rate", limits.MaxRate, math.Inf(1)}, {"max_megabytes", limits.MaxMegabytes, math.Inf(1)}, {"max_bodies", float64(limits.MaxBodies), math.Inf(1)},
		{"write_queue", float64(limits.WriteQueue), math.Inf(1)}, {"cpu", float64(limits.CPU), 100}, {"disk_free", float64(limits.DiskFree), 100},
		{"patience", limits.Patience.Seconds(), math.Inf(1)},
	} {
		if limit.value < 0 || limit.value > limit.most {
			return fmt.Sprintf("load.%s: %g is out of its range", limit.key, limit.value), "0 or nothing takes the limit away; cpu and disk_free are percentages"
		}
	}
	return "", ""
}

func (m *Migration) checkWriters() (string, string) {
	for i, writer := range m.Writers {
		kinds := 0
		for _, value := range []string{writer.Fluentd, writer.Rsyslog, writer.FluentBit, writer.Logstash, writer.Alias, writer.Command} {
			if value != "" {
				kinds++
			}
		}
		if kinds != 1 {
			return fmt.Sprintf("writers, entry %d: give exactly one of fluentd, rsyslog, fluentbit, logstash, alias, command", i+1), "one entry for each writer"
		}
		if (writer.TailFile == "") != (writer.TailLine == "") || writer.TailLine != "" && !strings.Contains(writer.TailLine, "{{canary}}") {
			return fmt.Sprintf("writers, entry %d: tail_file and tail_line go together, and the line holds {{canary}}", i+1), "write a line as the writer's parser expects it, with {{canary}} in its user agent, say"
		}
		if writer.Command != "" && writer.Undo == "" {
			return fmt.Sprintf("writers, entry %d: command without undo", i+1), "rollback needs the way back; write undo: 'true' if there is nothing to take back"
		}
	}
	return "", ""
}
