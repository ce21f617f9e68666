package cutover

// fluentbit_edit.go answers: what is written into a fluent-bit configuration so that its outputs send to the target, and what
// in it would lose or double events? Next: fluentbit.go.

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type bitEditor struct {
	source, target Endpoint
	to             address
	findings       []Finding
	outputs        []Output
	moved          []*bitSection
}

func (e *bitEditor) find(s *bitSection, key, code string, severity Severity, text, hint string) {
	line := s.line
	if entry, ok := s.get(key); ok {
		line = s.lineOf(entry)
	}
	e.findings = append(e.findings, Finding{Code: code, Severity: severity, File: s.draft.path, Line: line, Text: text, Hint: hint})
}

// bitAddress is where an output sends.
func bitAddress(s *bitSection) address {
	a := address{scheme: "http", host: s.text("host", "127.0.0.1"), port: defaultPort, path: strings.TrimRight(s.text("path", ""), "/")}
	if s.on("tls") {
		a.scheme = "https"
	}
	if port, err := strconv.Atoi(s.text("port", "")); err == nil {
		a.port = port
	}
	return a
}

// repoint changes one output if it sends to the source.
func (e *bitEditor) repoint(s *bitSection) error {
	plugin := strings.ToLower(s.text("name", ""))
	if plugin != "es" && plugin != "opensearch" {
		return nil
	}
	for _, key := range []string{"host", "port", "tls"} {
		if value := s.text(key, ""); strings.Contains(value, "${") {
			e.find(s, key, "fluentbit-address-unknown", Blocker, "a variable decides "+key+": "+maskSecrets(value)+", so nobody can tell from the file whether it is the source",
				"if it is, change the variable to what "+e.to.String()+" needs; then accept this")
			return nil
		}
	}
	from := bitAddress(s)
	if !e.source.names(from) {
		return nil
	}
	e.outputs = append(e.outputs, Output{File: s.draft.path, Line: s.line, Plugin: plugin, From: from.String(), To: e.to.String()})
	e.moved = append(e.moved, s)
	tls := "Off"
	if e.to.scheme == "https" {
		tls = "On"
	}
	changes := []struct{ key, text, otherwise string }{
		{"Host", e.to.host, "127.0.0.1"},
		{"Port", strconv.Itoa(e.to.port), strconv.Itoa(defaultPort)},
		{"tls", tls, "Off"},
		{"Path", e.to.path, ""},
	}
	if e.target.Username != "" && e.target.Password != "" {
		changes = append(changes, []struct{ key, text, otherwise string }{{"HTTP_User", e.target.Username, ""}, {"HTTP_Passwd", e.target.Password, ""}}...)
	}
	if e.target.Signed || s.on("aws_auth") && e.target.Region != "" {
		changes = append(changes, []struct{ key, text, otherwise string }{{"AWS_Auth", "On", "Off"}, {"AWS_Region", e.target.Region, ""}}...)
	}
	if !e.target.Version.IsZero() && e.target.Version.Lineage() >= typelessMajor {
		changes = append(changes, struct{ key, text, otherwise string }{"Suppress_Type_Name", "On", "Off"})
	}
	for _, change := range changes {
		if err := e.set(s, change.key, change.text, change.otherwise); err != nil {
			return err
		}
	}
	e.lint(s, plugin)
	return nil
}

// set gives a key a value; where it is missing and the default is another, a line is added.
func (e *bitEditor) set(s *bitSection, key, text, otherwise string) error {
	entry, ok := s.get(strings.ToLower(key))
	if !ok {
		if text != otherwise {
			e.insert(s, key, text)
		}
		return nil
	}
	if strings.EqualFold(entry.text, text) || sameSwitch(entry.text, text) {
		return nil
	}
	if text == "" {
		return s.draft.replace(entry.name, "# "+s.draft.tokens[entry.name].text)
	}
	if s.yaml {
		written := s.draft.tokens[entry.value].text
		if isSwitch(text) && isWord(written) {
			text = strings.ToLower(text)
		}
		return s.draft.replace(entry.value, quoteYAML(text, written[0]))
	}
	return s.draft.replace(entry.value, text)
}

func isSwitch(text string) bool { return text == "On" || text == "Off" }
func isWord(text string) bool   { return nameLength(text) == len(text) }

// sameSwitch: On, true and yes are one.
func sameSwitch(a, b string) bool {
	on := func(text string) int {
		switch strings.ToLower(text) {
		case "on", "true", "yes":
			return 1
		case "off", "false", "no":
			return -1
		}
		return 0
	}
	return on(a) != 0 && on(a) == on(b)
}

// insert adds a line below the host, or the name, in its columns.
func (e *bitEditor) insert(s *bitSection, key, text string) {
	below, ok := s.get("host")
	if !ok {
		below, _ = s.get("name")
	}
	d := s.draft
	indent := strings.ReplaceAll(d.before(below.name), "-", " ")
	written := d.tokens[below.name].text
	if written == strings.ToLower(written) {
		key = strings.ToLower(key)
	}
	if s.yaml {
		if isSwitch(text) {
			text = strings.ToLower(text)
		}
		d.insertLine(below.value, indent+strings.ToLower(key)+": "+quoteYAML(text, 0))
		return
	}
	gap := " "
	for i := below.name + 1; i < below.value; i++ {
		gap = d.tokens[i].text
	}
	if strings.Trim(gap, " ") == "" && len(gap) > 1 {
		gap = strings.Repeat(" ", max(1, utf8.RuneCountInString(written)+len(gap)-len(key)))
	}
	d.insertLine(below.value, indent+key+gap+text)
}

// quoteYAML writes a scalar, quoted as the old one was or where it would be misread.
func quoteYAML(text string, like byte) string {
	plain := text != "" && !strings.ContainsAny(text, ":#{}[],&*!|>'\"%@`\\ \t\r\n")
	switch {
	case like == '\'':
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	case like == '"' || !plain:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + `"`
	}
	return text
}

// lint looks at one output that moves.
func (e *bitEditor) lint(s *bitSection, plugin string) {
	if !bitRetriesForever(s) {
		e.find(s, "retry_limit", "fluentbit-few-retries", Danger, "a chunk is dropped once its retries are used up (one, when Retry_Limit is not set)", "set Retry_Limit no_limits")
	}
	if !bitHasIDs(s) {
		e.find(s, "", "fluentbit-no-id", Warning, "neither Id_Key nor Generate_ID: a chunk of which one item was refused is sent again whole, which doubles the others", "set Generate_ID On, or Id_Key")
	}
	if s.on("logstash_format") {
		e.find(s, "logstash_format", "fluentbit-daily-index", Info, "the index of the day of the cutover gets events on both sides", "verify that index last, after the writers have moved")
	}
	if e.target.Username != "" && e.target.Password == "" {
		e.find(s, "http_user", "fluentbit-no-password", Blocker, "the target wants the user "+e.target.Username+" and no password was given", "give the password, or accept this and write it yourself")
	}
	if _, ok := s.get("cloud_id"); ok {
		e.find(s, "cloud_id", "fluentbit-cloud-id", Blocker, "Cloud_ID overrides Host and is not changed", "remove Cloud_ID and Cloud_Auth, then accept this")
	}
	if e.target.Version.IsZero() {
		return
	}
	if kind, ok := s.get("type"); ok && e.target.Version.Lineage() >= typelessMajor && kind.text != "_doc" {
		e.find(s, "type", "fluentbit-type-ignored", Info, "Type has no effect any more: the target has no types", "nothing needs to be done")
	}
	if plugin == "opensearch" && e.target.Version.Product != openSearch {
		e.find(s, "name", "fluentbit-opensearch-plugin", Warning, "the output opensearch sends to an Elasticsearch", "use the output es for it")
	}
}

// lintBuffers looks at what holds events while the target can't be reached.
func (e *bitEditor) lintBuffers(t *bitTree) {
	if len(e.moved) == 0 || t.buffersOnDisk() {
		return
	}
	e.find(e.moved[0], "name", "fluentbit-memory-buffer", Danger, "events wait in memory: what is not yet sent at a restart is lost",
		"set storage.path in [SERVICE] and storage.type filesystem in every [INPUT]")
}

func (t *bitTree) buffersOnDisk() bool {
	inputs := t.named("input")
	for _, input := range inputs {
		if !strings.EqualFold(input.text("storage.type", ""), "filesystem") {
			return false
		}
	}
	return len(inputs) > 0 && t.service("storage.path") != ""
}

func bitRetriesForever(s *bitSection) bool {
	limit := s.text("retry_limit", "1")
	return strings.EqualFold(limit, "no_limits") || strings.EqualFold(limit, "false")
}

func bitHasIDs(s *bitSection) bool {
	_, ok := s.get("id_key")
	return ok || s.on("generate_id")
}

// fence judges whether refused events are kept, and stored once.
func (e *bitEditor) fence(t *bitTree) Fence {
	if len(e.moved) == 0 {
		return Fence{Allowed: true, Reason: "it sends nothing to the source"}
	}
	for _, s := range e.moved {
		switch {
		case !bitRetriesForever(s):
			return Fence{Reason: "retries are limited, so what a write block refuses is dropped"}
		case !bitHasIDs(s):
			return Fence{Reason: "without ids a chunk of which a part was refused is doubled by its retry"}
		}
	}
	if !t.buffersOnDisk() {
		return Fence{Reason: "events wait in memory, so what a write block holds back is lost by a restart"}
	}
	return Fence{Allowed: true, Reason: "it keeps what is refused on disk, and tries again without limit"}
}
