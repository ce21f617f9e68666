package cutover

// rsyslog_load.go answers: which files make up one rsyslog configuration, and which of its actions send to the source?
// Next: rsyslog_edit.go.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// rsyslogTree is a configuration with all its files.
type rsyslogTree struct {
	files    []*rsyslogFile
	seen     map[string]bool
	findings []Finding
}

func loadRsyslog(path string) (*rsyslogTree, error) {
	if extension := strings.ToLower(filepath.Ext(path)); extension == ".yaml" || extension == ".yml" {
		return nil, problem("move this writer by a command of your own", fmt.Errorf("%s is a YAML configuration of rsyslog: %w", path, errors.ErrUnsupported))
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	tree := &rsyslogTree{seen: map[string]bool{}}
	return tree, tree.load(absolute)
}

func (t *rsyslogTree) load(path string) error {
	if t.seen[path] {
		return nil
	}
	t.seen[path] = true
	text, err := readConfig(path)
	if err != nil {
		return err
	}
	file, err := parseRsyslog(path, text)
	if err != nil {
		return err
	}
	t.files = append(t.files, file)
	for _, token := range file.legacy {
		t.findings = append(t.findings, Finding{Code: "rsyslog-legacy-action", Severity: Blocker, File: path, Line: file.draft.tokens[token].line,
			Text: "omelasticsearch has no legacy form, so this line sends nothing and its address is not known", Hint: "write it as action(type=\"omelasticsearch\" ...), or remove it"})
	}
	for _, directive := range file.directives {
		if directive.name == "includeconfig" {
			if err := t.include(file, directive.token, directive.value); err != nil {
				return err
			}
		}
	}
	for _, object := range file.objects {
		if object.name != "include" {
			continue
		}
		p, ok := object.get("file")
		if !ok || len(p.values) != 1 || p.values[0].dynamic {
			t.findings = append(t.findings, Finding{Code: "rsyslog-include-dynamic", Severity: Blocker, File: path, Line: object.line(),
				Text: "the environment decides what is included, so an action may hide there", Hint: "make sure that nothing there names the source, then accept this"})
			continue
		}
		if err := t.include(file, object.open, p.values[0].text); err != nil {
			return err
		}
	}
	return nil
}

// include follows one include. A folder named with a trailing slash brings all files in it, as rsyslog documents.
func (t *rsyslogTree) include(from *rsyslogFile, token int, pattern string) error {
	line := from.draft.tokens[token].line
	if strings.HasSuffix(pattern, "/") {
		pattern += "*"
	}
	if !filepath.IsAbs(pattern) {
		// rsyslogd runs in the root folder, once it is a daemon.
		pattern = "/" + pattern
	}
	paths, err := glob(pattern)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", from.draft.path, line, err)
	}
	if len(paths) == 0 {
		t.findings = append(t.findings, Finding{Code: "rsyslog-include-nothing", Severity: Info, File: from.draft.path, Line: line,
			Text: pattern + " matches no file", Hint: "correct the path, or remove the line"})
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			continue
		}
		if err := t.load(path); err != nil {
			return fmt.Errorf("included in %s:%d: %w", from.draft.path, line, err)
		}
	}
	return nil
}

// actions gives all actions of omelasticsearch.
func (t *rsyslogTree) actions() []*rsyslogObject {
	var actions []*rsyslogObject
	for _, file := range t.files {
		for _, object := range file.objects {
			if object.name == "action" && object.text("type", "") == "omelasticsearch" {
				actions = append(actions, object)
			}
		}
	}
	return actions
}

// first gives the first object of a name.
func (t *rsyslogTree) first(name string) *rsyslogObject {
	for _, file := range t.files {
		for _, object := range file.objects {
			if object.name == name {
				return object
			}
		}
	}
	return nil
}

// directive gives the last value of a legacy directive.
func (t *rsyslogTree) directive(name string) string {
	value := ""
	for _, file := range t.files {
		for _, d := range file.directives {
			if d.name == name {
				value = d.value
			}
		}
	}
	return value
}

// rsyslogPlace is one server of an action.
type rsyslogPlace struct {
	address
	value   rsyslogValue
	unknown string
}

// places gives the servers of an action; without any it sends to localhost.
func rsyslogPlaces(action *rsyslogObject) []rsyslogPlace {
	base := address{scheme: "http", port: defaultPort}
	if action.on("usehttps", false) {
		base.scheme = "https"
	}
	unknown := ""
	for _, name := range []string{"server", "serverport", "usehttps"} {
		p, _ := action.get(name)
		for _, v := range p.values {
			if v.dynamic {
				unknown = "the environment decides " + name + ": " + v.text
			}
		}
	}
	if port, err := strconv.Atoi(action.text("serverport", "")); err == nil {
		base.port = port
	}
	servers, ok := action.get("server")
	if !ok {
		base.host = "localhost"
		return []rsyslogPlace{{address: base, value: rsyslogValue{token: -1}, unknown: unknown}}
	}
	var places []rsyslogPlace
	for _, v := range servers.values {
		p := rsyslogPlace{address: base, value: v, unknown: unknown}
		rest := v.text
		if scheme, after, ok := strings.Cut(rest, "://"); ok {
			p.scheme, rest = scheme, after
		}
		rest = strings.TrimRight(rest, "/")
		p.host = rest
		if colon := strings.LastIndexByte(rest, ':'); colon >= 0 && !strings.HasSuffix(rest, "]") {
			if port, err := strconv.Atoi(rest[colon+1:]); err == nil {
				p.host, p.port = rest[:colon], port
			}
		}
		places = append(places, p)
	}
	return places
}
