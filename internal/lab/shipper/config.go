package shipper

// config.go answers: what does a fluentd configuration tell the shipper to do? It knows the part of the syntax that
// people use for elasticsearch outputs, and refuses what it doesn't know. Next: buffer.go.

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// errNotSupported is a configuration that fluentd may take, but this shipper doesn't.
var errNotSupported = errors.New("not supported by the lab's shipper")

// element is one <name argument> … </name> of the configuration.
type element struct {
	name, argument string
	parameters     map[string]string
	children       []*element
}

func (e *element) child(name string) *element {
	for _, child := range e.children {
		if child.name == name {
			return child
		}
	}
	return &element{name: name}
}

// config is what the shipper needs of the whole file.
type config struct {
	rpc, monitor string
	outputs      []outputConfig
	// errorPath is where refused events go: <label @ERROR> with a file output.
	errorPath string
}

// outputConfig is one elasticsearch output.
type outputConfig struct {
	// match counts the <match> elements; stores of one copy share it.
	match    int
	id       string
	patterns []string
	url      string
	user     string
	password string
	prefix   string
	index    string
	typeName string
	suppress bool
	idKey    string
	action   string
	buffer   bufferConfig
}

type bufferConfig struct {
	path             string
	flushInterval    time.Duration
	chunkLimit       int64
	retryWait        time.Duration
	retryMaxInterval time.Duration
}

// loadConfig reads the file and everything it includes.
func loadConfig(path string) (config, error) {
	root := &element{name: "ROOT", parameters: map[string]string{}}
	if err := parseFile(path, []*element{root}, 0); err != nil {
		return config{}, err
	}
	c, err := readConfig(root)
	if err != nil {
		return config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// maxIncludes stops a file that includes itself.
const maxIncludes = 10

func parseFile(path string, stack []*element, depth int) error {
	if depth > maxIncludes {
		return fmt.Errorf("%s: @include is nested more than %d deep", path, maxIncludes)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	base := len(stack)
	for i, line := range strings.Split(string(text), "\n") {
		if stack, err = parseLine(stripComment(line), path, stack, base, depth); err != nil {
			return fmt.Errorf("%s line %d: %w", path, i+1, err)
		}
	}
	if len(stack) != base {
		return fmt.Errorf("%s: <%s> is never closed", path, stack[len(stack)-1].name)
	}
	return nil
}

func parseLine(line, path string, stack []*element, base, depth int) ([]*element, error) {
	top := stack[len(stack)-1]
	switch {
	case line == "":
		return stack, nil
	case strings.HasPrefix(line, "</"):
		name := strings.TrimSuffix(strings.TrimPrefix(line, "</"), ">")
		if len(stack) == base || top.name != name {
			return nil, fmt.Errorf("%s closes nothing", line)
		}
		return stack[:len(stack)-1], nil
	case strings.HasPrefix(line, "<"):
		if !strings.HasSuffix(line, ">") {
			return nil, fmt.Errorf("%s has no closing >", line)
		}
		name, argument, _ := strings.Cut(line[1:len(line)-1], " ")
		opened := &element{name: name, argument: strings.TrimSpace(argument), parameters: map[string]string{}}
		top.children = append(top.children, opened)
		return append(stack, opened), nil
	}
	key, value, _ := strings.Cut(line, " ")
	value, err := unquote(strings.TrimSpace(value))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	if key != "@include" {
		top.parameters[key] = value
		return stack, nil
	}
	if !filepath.IsAbs(value) {
		value = filepath.Join(filepath.Dir(path), value)
	}
	files, err := filepath.Glob(value)
	if err != nil {
		return nil, fmt.Errorf("@include %s: %w", value, err)
	}
	for _, file := range files {
		if err := parseFile(file, stack, depth+1); err != nil {
			return nil, err
		}
	}
	return stack, nil
}

// stripComment removes a comment: a # at the start or after white space, outside quotes.
func stripComment(line string) string {
	var quote byte
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return strings.TrimSpace(line[:i])
		}
	}
	return strings.TrimSpace(line)
}

func unquote(value string) (string, error) {
	if strings.Contains(value, "#{") {
		return "", fmt.Errorf("embedded Ruby %w", errNotSupported)
	}
	if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
		return value[1 : len(value)-1], nil
	}
	return value, nil
}

func readConfig(root *element) (config, error) {
	c := config{rpc: root.child("system").parameters["rpc_endpoint"]}
	for i, e := range root.children {
		switch {
		case e.name == "source" && e.parameters["@type"] == "monitor_agent":
			c.monitor = net.JoinHostPort(or(e.parameters["bind"], "127.0.0.1"), or(e.parameters["port"], "24220"))
		case e.name == "match":
			outputs, err := readMatch(e)
			if err != nil {
				return config{}, fmt.Errorf("<match %s>: %w", e.argument, err)
			}
			for j := range outputs {
				outputs[j].match = i
			}
			c.outputs = append(c.outputs, outputs...)
		case e.name == "label" && e.argument == "@ERROR":
			c.errorPath = e.child("match").parameters["path"]
		}
	}
	if len(c.outputs) == 0 {
		return config{}, errors.New("no <match> has an elasticsearch output")
	}
	return c, nil
}

// readMatch gives the elasticsearch outputs of one match: itself, or the stores of a copy.
func readMatch(e *element) ([]outputConfig, error) {
	if e.parameters["@type"] != "copy" {
		o, err := readOutput(e, e.argument)
		return []outputConfig{o}, err
	}
	var outputs []outputConfig
	for _, store := range e.children {
		if store.name != "store" {
			continue
		}
		o, err := readOutput(store, e.argument)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, o)
	}
	return outputs, nil
}

func readOutput(e *element, patterns string) (outputConfig, error) {
	p := e.parameters
	if p["@type"] != "elasticsearch" {
		return outputConfig{}, fmt.Errorf("@type %s is %w", p["@type"], errNotSupported)
	}
	o := outputConfig{
		id: or(p["@id"], "out_"+patterns), patterns: strings.Fields(patterns), user: p["user"], password: p["password"],
		index: or(p["index_name"], "fluentd"), typeName: or(p["type_name"], "fluentd"), suppress: isTrue(p["suppress_type_name"]),
		idKey: p["id_key"], action: or(p["write_operation"], "index"),
	}
	if isTrue(p["logstash_format"]) {
		o.prefix = or(p["logstash_prefix"], "logstash")
	}
	var err error
	if o.url, err = readURL(p); err != nil {
		return outputConfig{}, err
	}
	o.buffer, err = readBuffer(e.child("buffer"))
	return o, err
}

// readURL takes the first of hosts, which may be whole URLs or names, or the single host.
func readURL(p map[string]string) (string, error) {
	if first, _, _ := strings.Cut(p["hosts"], ","); first != "" {
		if !strings.Contains(first, "://") {
			first = or(p["scheme"], "http") + "://" + first
		}
		u, err := url.Parse(first)
		if err != nil {
			return "", fmt.Errorf("hosts: %w", err)
		}
		return strings.TrimSuffix(u.String(), "/"), nil
	}
	port := or(p["port"], "9200")
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("port %q is no port", port)
	}
	return or(p["scheme"], "http") + "://" + net.JoinHostPort(or(p["host"], "localhost"), port) + strings.TrimSuffix(p["path"], "/"), nil
}

func readBuffer(e *element) (bufferConfig, error) {
	p := e.parameters
	if p["@type"] != "file" || p["path"] == "" {
		return bufferConfig{}, fmt.Errorf("a <buffer> that is no file is %w", errNotSupported)
	}
	b := bufferConfig{path: p["path"]}
	for _, field := range []struct {
		key, fallback string
		into          *time.Duration
	}{
		{"flush_interval", "1s", &b.flushInterval}, {"retry_wait", "1s", &b.retryWait}, {"retry_max_interval", "30s", &b.retryMaxInterval},
	} {
		var err error
		if *field.into, err = readTime(or(p[field.key], field.fallback)); err != nil {
			return bufferConfig{}, fmt.Errorf("%s: %w", field.key, err)
		}
	}
	var err error
	if b.chunkLimit, err = readSize(or(p["chunk_limit_size"], "1m")); err != nil {
		return bufferConfig{}, fmt.Errorf("chunk_limit_size: %w", err)
	}
	return b, nil
}

// readTime reads fluentd's times: a number of seconds, or one with s, m, h or d behind it.
func readTime(text string) (time.Duration, error) {
	unit, number := time.Second, text
	for suffix, duration := range map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour} {
		if strings.HasSuffix(text, suffix) {
			unit, number = duration, strings.TrimSuffix(text, suffix)
		}
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || value <= 0 {
		return 0, fmt.Errorf("%q is no time", text)
	}
	return time.Duration(value * float64(unit)), nil
}

// readSize reads fluentd's sizes: bytes, or a number with k, m or g behind it.
func readSize(text string) (int64, error) {
	unit, number := int64(1), strings.ToLower(text)
	for suffix, bytes := range map[string]int64{"k": 1 << 10, "m": 1 << 20, "g": 1 << 30} {
		if strings.HasSuffix(number, suffix) {
			unit, number = bytes, strings.TrimSuffix(number, suffix)
			break
		}
	}
	value, err := strconv.ParseInt(number, 10, 64)
	if err != nil || value <= 0 || value > (1<<40)/unit {
		return 0, fmt.Errorf("%q is no size", text)
	}
	return value * unit, nil
}

// matches says whether a tag fits one of fluentd's patterns: * is one part, ** any number of parts.
func (o outputConfig) matches(tag string) bool {
	for _, pattern := range o.patterns {
		if matchParts(strings.Split(pattern, "."), strings.Split(tag, ".")) {
			return true
		}
	}
	return false
}

func matchParts(pattern, tag []string) bool {
	switch {
	case len(pattern) == 0:
		return len(tag) == 0
	case pattern[0] == "**":
		for i := range len(tag) + 1 {
			if matchParts(pattern[1:], tag[i:]) {
				return true
			}
		}
		return false
	case len(tag) == 0:
		return false
	}
	return (pattern[0] == "*" || pattern[0] == tag[0]) && matchParts(pattern[1:], tag[1:])
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func isTrue(value string) bool { return value == "true" || value == "yes" }
