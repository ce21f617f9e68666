package cutover

// fluentd_edit.go answers: what is written into a fluentd configuration so that its outputs send to the target? Only values
// that have to change are touched; lines that are missing are added below their neighbours, in the same columns. The
// buffer's path is never touched: a chunk does not know its destination, so the backlog follows to the target.
// Next: fluentd_lint.go.

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fluentdEditor changes outputs one after the other and collects what a person has to know.
type fluentdEditor struct {
	source, target Endpoint
	to             address
	findings       []Finding
	outputs        []Output
	// moved are the outputs that were re-pointed.
	moved []*fluentdOutput
}

func (e *fluentdEditor) find(p parameter, code string, severity Severity, text, hint string) {
	e.findings = append(e.findings, Finding{Code: code, Severity: severity, File: p.draft.path, Line: p.line(), Text: text, Hint: hint})
}

// repoint changes one output if it sends to the source.
func (e *fluentdEditor) repoint(o *fluentdOutput) error {
	if cloud, ok := o.get("cloud_id"); ok {
		e.find(cloud, "fluentd-cloud-id", Warning, "cloud_id overrides host and hosts, and is not changed", "if that deployment is the source, remove cloud_id and cloud_auth")
	}
	places := o.places()
	var ours []place
	others := ""
	for _, p := range places {
		switch {
		case p.unknown != "" && p.hostKnown && !e.source.namesHost(p.host):
			others = p.host
		case p.unknown != "":
			e.find(p.from, "fluentd-address-unknown", Blocker, p.unknown+", so nobody can tell from the file whether it is the source",
				"if it is, change the variable or code it comes from to "+e.to.String()+"; then accept this")
			return nil
		case e.source.names(p.address):
			ours = append(ours, p)
		default:
			others = strings.TrimSpace(p.written)
		}
	}
	if len(ours) == 0 {
		return nil
	}
	if others != "" {
		e.find(ours[0].from, "fluentd-other-hosts", Blocker, "one output sends to the source and to "+maskSecrets(others)+"; after the change it would send each event to either cluster",
			"if that is another node of the source, list it among the source's names; else split the output")
	}
	e.outputs = append(e.outputs, Output{File: o.file(), Line: o.line(), Plugin: o.plugin, From: ours[0].String(), To: e.to.String()})
	e.moved = append(e.moved, o)
	var err error
	switch {
	case o.usesEndpoints():
		err = e.endpoints(o, ours)
	case ours[0].from.key == "hosts":
		err = e.hosts(o, places)
	default:
		err = e.host(o, ours[0])
	}
	if err != nil {
		return err
	}
	return e.types(o)
}

// guardShared blocks a change of an included file that an output which stays includes as well.
func (e *fluentdEditor) guardShared(outputs []*fluentdOutput) {
	for _, o := range outputs {
		if slices.Contains(e.moved, o) {
			continue
		}
		for d := range o.includedDrafts() {
			if d.changed() {
				e.find(o.kind, "fluentd-shared-include", Blocker, "this output does not send to the source, but includes "+d.path+", which changes for outputs that do",
					"give the outputs that move a file of their own")
			}
		}
	}
}

// host re-points `host`, `port`, `scheme` and `path`.
func (e *fluentdEditor) host(o *fluentdOutput, p place) error {
	if p.from.value.token < 0 {
		e.insert(p.from, "host", e.to.host)
	} else if err := e.set(p.from, e.to.host); err != nil {
		return err
	}
	if err := e.plain(o, p.from); err != nil {
		return err
	}
	return e.credentials(o, p.from)
}

// plain re-points the parameters that hosts without a URL share.
func (e *fluentdEditor) plain(o *fluentdOutput, below parameter) error {
	if err := e.setOrInsert(o, "port", strconv.Itoa(e.to.port), strconv.Itoa(defaultPort), below); err != nil {
		return err
	}
	if err := e.setOrInsert(o, "scheme", e.to.scheme, "http", below); err != nil {
		return err
	}
	path, ok := o.get("path")
	switch {
	case !ok && e.to.path != "":
		e.insert(below, "path", e.to.path)
	case !ok || path.value.text == e.to.path || e.to.path == "" && strings.Trim(path.value.text, "/") == "":
	case e.to.path != "":
		return e.set(path, e.to.path)
	default:
		// An empty path can't be written; as a comment it stays to be seen.
		return path.draft.replace(path.name, "# "+path.key)
	}
	return nil
}

// hosts re-points the entries of a comma list and keeps its form.
func (e *fluentdEditor) hosts(o *fluentdOutput, places []place) error {
	hosts := places[0].from
	var entries []string
	seen := map[string]bool{}
	bareEntries := false
	for _, p := range places {
		written := p.written
		if e.source.names(p.address) {
			lead := written[:len(written)-len(strings.TrimLeft(written, " "))]
			entry := strings.TrimSpace(written)
			switch {
			case strings.Contains(entry, "://"):
				entry = e.to.scheme + "://" + e.userInfo(entry) + e.to.authority() + e.to.path
			case strings.Contains(entry, ":") || len(places) > 1:
				entry, bareEntries = e.to.hostPort(), true
			default:
				entry, bareEntries = e.to.host, true
			}
			if seen[entry] {
				continue // the nodes of the source become one address
			}
			seen[entry] = true
			written = lead + entry
		}
		entries = append(entries, written)
	}
	if err := e.set(hosts, strings.TrimLeft(strings.Join(entries, ","), " ")); err != nil {
		return err
	}
	if bareEntries {
		if err := e.plain(o, hosts); err != nil {
			return err
		}
	}
	if host, ok := o.get("host"); ok && e.source.names(address{o.defaults().scheme, host.value.text, o.defaults().port, ""}) {
		// hosts wins over host; changed too, so that nobody is misled.
		if err := e.set(host, e.to.host); err != nil {
			return err
		}
	}
	return e.credentials(o, hosts)
}

// userInfo gives the user:password@ for a URL: the target's when it has one, else what stands there.
func (e *fluentdEditor) userInfo(entry string) string {
	if e.target.Username != "" && e.target.Password != "" {
		return url.UserPassword(e.target.Username, e.target.Password).String() + "@"
	}
	_, rest, _ := strings.Cut(entry, "://")
	authority, _, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		return authority[:at+1]
	}
	return ""
}

// endpoints re-points the <endpoint> sections of aws-elasticsearch-service.
func (e *fluentdEditor) endpoints(o *fluentdOutput, ours []place) error {
	for _, p := range ours {
		// The plugin refuses a trailing slash; address has none.
		if err := e.set(p.from, e.to.String()); err != nil {
			return err
		}
		region, ok := p.section.get("region")
		switch {
		case ok && dynamicReason(region) != "":
			e.find(region, "fluentd-region-unknown", Warning, dynamicReason(region), "see that it gives "+e.target.Region)
		case ok && e.target.Region != "":
			if err := e.set(region, e.target.Region); err != nil {
				return err
			}
		case !ok && e.target.Region != "":
			e.insert(p.from, "region", e.target.Region)
		}
	}
	if !e.target.onAWS() {
		e.find(o.kind, "fluentd-signs-for-nobody", Warning, "this plugin signs requests for AWS, and the target is not there", "use the plugin elasticsearch for it")
	}
	return nil
}

// credentials writes the target's user, where it wants one.
func (e *fluentdEditor) credentials(o *fluentdOutput, below parameter) error {
	if e.target.Signed {
		e.find(o.kind, "fluentd-cannot-sign", Danger, "the target takes signed requests only, and the plugin "+o.plugin+" cannot sign",
			"use aws-elasticsearch-service (or the endpoint section of the plugin opensearch), or allow this address in the access policy")
	}
	user, hasUser := o.get("user")
	switch {
	case e.target.Username == "" && hasUser:
		e.find(user, "fluentd-same-user", Info, "the user and password of the source will be sent to the target", "create that user there, or give the target's user")
		return nil
	case e.target.Username == "":
		return nil
	case e.target.Password == "":
		e.find(o.kind, "fluentd-no-password", Blocker, "the target wants the user "+e.target.Username+" and no password was given", "give the password, or accept this and write it yourself")
		return nil
	}
	if err := e.setOrInsert(o, "user", e.target.Username, "", below); err != nil {
		return err
	}
	return e.setOrInsert(o, "password", e.target.Password, "", below)
}

// Majors of Elasticsearch at which types changed (breaking changes 3-01, 4-02, 5-02).
const (
	singleTypeMajor = 6
	typelessMajor   = 7
)

// types makes the output send no type to a target that has none.
func (e *fluentdEditor) types(o *fluentdOutput) error {
	if e.target.Version.IsZero() || e.target.Version.Lineage() < typelessMajor || strings.HasPrefix(o.plugin, "opensearch") {
		return nil
	}
	below := o.kind
	for _, key := range []string{"host", "hosts", "type_name"} {
		if p, ok := o.get(key); ok {
			below = p
		}
	}
	// The plugin reads the target's version once, at its start. An OpenSearch says 1, 2 or 3, which it takes for an
	// Elasticsearch with types; and a plugin that was told not to ask believes default_elasticsearch_version.
	if e.target.Version.Product == openSearch {
		if err := e.setOrInsert(o, "verify_es_version_at_startup", "false", "true", below); err != nil {
			return err
		}
		if err := e.setOrInsert(o, "default_elasticsearch_version", strconv.Itoa(typelessMajor), "", below); err != nil {
			return err
		}
	} else if !o.is("verify_es_version_at_startup", true) {
		if err := e.setOrInsert(o, "default_elasticsearch_version", strconv.Itoa(e.target.Version.Major), "", below); err != nil {
			return err
		}
	}
	return e.setOrInsert(o, "suppress_type_name", "true", "false", below)
}

// setOrInsert gives a parameter a value; where it is missing and the plugin's default is another, a line is added.
func (e *fluentdEditor) setOrInsert(o *fluentdOutput, key, text, otherwise string, below parameter) error {
	p, ok := o.get(key)
	switch {
	case ok && dynamicReason(p) != "":
		e.find(p, "fluentd-value-unknown", Warning, dynamicReason(p), "see that it gives what the target needs")
		return nil
	case ok:
		return e.set(p, text)
	case text != otherwise:
		e.insert(below, key, text)
	}
	return nil
}

// set replaces a value and keeps its quotes.
func (e *fluentdEditor) set(p parameter, text string) error {
	if p.value.token < 0 {
		return p.draft.replace(p.name, p.draft.tokens[p.name].text+" "+quoteFluentd(text, bare))
	}
	if p.value.text == text {
		return nil
	}
	return p.draft.replace(p.value.token, quoteFluentd(text, p.value.quoting))
}

// insert adds a line below a parameter, in its columns.
func (e *fluentdEditor) insert(below parameter, key, text string) {
	d := below.draft
	gap := " "
	if written := d.tokens[below.name+1]; below.name+1 < len(d.tokens) && strings.Trim(written.text, " \t") == "" && written.text != "" {
		gap = written.text
	}
	if strings.Trim(gap, " ") == "" && len(gap) > 1 {
		// Values stand in a column of their own.
		column := utf8.RuneCountInString(d.tokens[below.name].text) + len(gap)
		gap = strings.Repeat(" ", max(1, column-len(key)))
	}
	anchor := below.name
	if below.value.token > anchor {
		anchor = below.value.token
	}
	d.insertLine(anchor, d.indent(below.name)+key+gap+quoteFluentd(text, bare))
}

// quoteFluentd writes a value; one that could be misread without quotes gets double ones.
func quoteFluentd(text string, as quoting) string {
	if as == bare && (text == "" || strings.ContainsAny(text, " \t\r\n#\"'\\[]{}")) {
		as = doubleQuoted
	}
	switch as {
	case doubleQuoted, jsonValue:
		// "\#" keeps "#{" from being run as Ruby.
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `#`, `\#`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + `"`
	case singleQuoted:
		return `'` + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + `'`
	}
	return text
}
