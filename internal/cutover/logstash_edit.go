package cutover

// logstash_edit.go answers: what is written into a Logstash pipeline so that its outputs send to the target, and what in it
// would lose or double events? Next: logstash.go.

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// stashPlugins are the outputs that send to a cluster, with the port of a host that names none.
var stashPlugins = map[string]int{"elasticsearch": defaultPort, "opensearch": defaultPort, "amazon_es": httpsPort}

type stashEditor struct {
	source, target Endpoint
	to             address
	findings       []Finding
	outputs        []Output
	moved          []*stashPlugin
}

func (e *stashEditor) find(p *stashPlugin, setting, code string, severity Severity, text, hint string) {
	line := p.line()
	if s, ok := p.get(setting); ok {
		line = p.draft.tokens[s.token].line
	}
	e.findings = append(e.findings, Finding{Code: code, Severity: severity, File: p.draft.path, Line: line, Text: text, Hint: hint})
}

// stashAddress reads one entry of hosts. Unlike elsewhere a URL without a port has 9200.
func stashAddress(p *stashPlugin, text string) (address, bool) {
	a := address{scheme: "http", port: stashPlugins[p.name], path: strings.TrimRight(p.text("path", ""), "/")}
	if p.name == "amazon_es" {
		a.scheme = p.text("protocol", "https")
		if port, err := strconv.Atoi(p.text("port", "")); err == nil {
			a.port = port
		}
	} else if p.text("ssl", "") == "true" || p.text("ssl_enabled", "") == "true" {
		a.scheme = "https"
	}
	rest := strings.TrimPrefix(text, "//")
	if scheme, after, ok := strings.Cut(text, "://"); ok {
		if scheme != "http" && scheme != "https" {
			return a, false
		}
		a.scheme, rest = scheme, after
	}
	authority, path, hasPath := strings.Cut(rest, "/")
	if hasPath && path != "" {
		a.path = "/" + strings.TrimRight(path, "/")
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	host, port, err := net.SplitHostPort(authority)
	if err != nil {
		host, port = strings.Trim(authority, "[]"), ""
	}
	if port != "" {
		if a.port, err = strconv.Atoi(port); err != nil {
			return a, false
		}
	}
	a.host = host
	return a, host != ""
}

// repoint changes one output if it sends to the source.
func (e *stashEditor) repoint(p *stashPlugin) error {
	if _, ours := stashPlugins[p.name]; !ours || p.stage != "output" {
		return nil
	}
	hosts, hasHosts := p.get("hosts")
	if !hasHosts {
		hosts = stashSetting{name: "hosts", values: []stashValue{{token: -1, text: "127.0.0.1"}}}
	}
	ours, other, from := 0, "", address{}
	for _, v := range hosts.values {
		a, ok := stashAddress(p, v.text)
		switch {
		case strings.Contains(v.text, "${") || !ok:
			e.find(p, "hosts", "logstash-address-unknown", Blocker, "a variable decides hosts: "+maskSecrets(v.text)+", so nobody can tell from the file whether it is the source",
				"if it is, change the variable to "+e.to.scheme+"://"+e.to.hostPort()+e.to.path+"; then accept this")
			return nil
		case e.source.names(a):
			if ours++; ours == 1 {
				from = a
			}
		default:
			other = v.text
		}
	}
	if ours == 0 {
		return nil
	}
	if other != "" {
		e.find(p, "hosts", "logstash-other-hosts", Blocker, "one output sends to the source and to "+maskSecrets(other)+" by turns",
			"if that is another node of the source, list it among the source's names; else split the output")
	}
	e.outputs = append(e.outputs, Output{File: p.draft.path, Line: p.line(), Plugin: p.name, From: from.String(), To: e.to.String()})
	e.moved = append(e.moved, p)
	for _, v := range hosts.values {
		if a, ok := stashAddress(p, v.text); !ok || !e.source.names(a) {
			continue
		}
		text, err := quoteStash(e.host(p, v.text), max(v.quote, '"'))
		if err != nil {
			return err
		}
		if v.token < 0 {
			e.insert(p, "hosts", "["+text+"]")
		} else if err := p.draft.replace(v.token, text); err != nil {
			return err
		}
	}
	if err := e.rest(p); err != nil {
		return err
	}
	e.lint(p)
	return nil
}

// host writes the target in the form of an old entry. Only names and name:port may stay without a scheme, and only for http.
func (e *stashEditor) host(p *stashPlugin, old string) string {
	if p.name == "amazon_es" {
		return e.to.host
	}
	tls := p.text("ssl", p.text("ssl_enabled", "")) == "true"
	if !strings.Contains(old, "//") && (e.to.scheme == "https") == tls {
		return e.to.hostPort()
	}
	userInfo := ""
	if _, after, ok := strings.Cut(old, "://"); ok && e.target.Username == "" {
		if at := strings.LastIndexByte(after, '@'); at >= 0 {
			userInfo = after[:at+1]
		}
	}
	return e.to.scheme + "://" + userInfo + e.to.hostPort()
}

// rest writes the settings that go with the address.
func (e *stashEditor) rest(p *stashPlugin) error {
	type change struct{ name, text, otherwise string }
	changes := []change{{"path", e.to.path, ""}}
	for _, name := range []string{"ssl", "ssl_enabled"} {
		if _, ok := p.get(name); ok {
			changes = append(changes, change{name, strconv.FormatBool(e.to.scheme == "https"), ""})
		}
	}
	if p.name == "amazon_es" {
		changes = append(changes, change{"port", strconv.Itoa(e.to.port), strconv.Itoa(httpsPort)}, change{"protocol", e.to.scheme, "https"})
		if e.target.Region != "" {
			changes = append(changes, change{"region", e.target.Region, "us-east-1"})
		}
	}
	if e.target.Username != "" && e.target.Password != "" {
		changes = append(changes, change{"user", e.target.Username, ""}, change{"password", e.target.Password, ""})
	}
	for _, c := range changes {
		setting, ok := p.get(c.name)
		if ok && (len(setting.values) != 1 || setting.values[0].text == c.text) || !ok && c.text == c.otherwise {
			continue
		}
		if !ok {
			quote := byte('"')
			if c.name == "port" {
				quote = 0
			}
			written, err := quoteStash(c.text, quote)
			if err != nil {
				return err
			}
			e.insert(p, c.name, written)
			continue
		}
		text := c.text
		if text == "" {
			text = "/" // the path of a target that has none
		}
		written, err := quoteStash(text, setting.values[0].quote)
		if err != nil {
			return err
		}
		if err := p.draft.replace(setting.values[0].token, written); err != nil {
			return err
		}
	}
	return nil
}

// insert adds a setting below hosts, or as the first.
func (e *stashEditor) insert(p *stashPlugin, name, written string) {
	hosts, ok := p.get("hosts")
	if !ok && len(p.settings) > 0 {
		hosts, ok = p.settings[0], true
	}
	switch {
	case !ok:
		p.draft.extend(p.brace, " "+name+" => "+written)
	case p.draft.endsLine(hosts.end) && strings.Trim(p.draft.before(hosts.token), " \t") == "":
		p.draft.insertLine(hosts.end, p.draft.indent(hosts.token)+name+" => "+written)
	default:
		p.draft.extend(hosts.end, " "+name+" => "+written)
	}
}

// quoteStash writes a value, in the old one's quotes if it can. No backslash helps within them.
func quoteStash(text string, quote byte) (string, error) {
	if quote == 0 && text != "" && wordLength(text) == len(text) {
		return text, nil
	}
	for _, c := range []byte{quote, '"', '\''} {
		if c != 0 && strings.IndexByte(text, c) < 0 {
			return string(c) + text + string(c), nil
		}
	}
	return "", problem("choose a password without one of them", fmt.Errorf("a value holds both kinds of quotes, which no string of Logstash can"))
}

// lint looks at one output that moves.
func (e *stashEditor) lint(p *stashPlugin) {
	if _, ok := p.get("document_id"); !ok {
		e.find(p, "", "logstash-no-id", Warning, "no document_id: the cluster makes the ids, so a bulk whose answer got lost is stored twice when it is sent again",
			"add a fingerprint filter and document_id => \"%{[@metadata][fingerprint]}\"")
	}
	e.find(p, "", "logstash-refused-dropped", Info, "events that the target refuses (400, 404) are dropped, unless the dead letter queue is on",
		"set dead_letter_queue.enable: true in logstash.yml, and look into it after the cutover")
	if index := p.text("index", ""); strings.Contains(index, "%{+") {
		e.find(p, "index", "logstash-daily-index", Info, "the index of the day of the cutover gets events on both sides", "verify that index last, after the writers have moved")
	}
	if p.text("sniffing", "") == "true" && e.target.onAWS() {
		e.find(p, "sniffing", "logstash-sniffing-on-aws", Danger, "sniffing asks for the nodes, which AWS hides", "set sniffing => false")
	}
	if e.target.Signed && p.name == "elasticsearch" {
		e.find(p, "", "logstash-cannot-sign", Danger, "the target takes signed requests only, and the output elasticsearch cannot sign", "use logstash-output-opensearch with auth_type aws_iam, or allow this address in the access policy")
	}
	if e.target.Username != "" && e.target.Password == "" {
		e.find(p, "user", "logstash-no-password", Blocker, "the target wants the user "+e.target.Username+" and no password was given", "give the password, or accept this and write it yourself")
	}
	if action := p.text("action", "index"); action == "update" || action == "delete" || strings.Contains(action, "%{") {
		e.find(p, "action", "logstash-not-append-only", Warning, "action changes documents, so the order of writes matters: switching writers while both sides take writes is not safe", "use the fence or the proxy for these indices")
	}
	if e.target.Version.IsZero() {
		return
	}
	if e.target.Version.Product == openSearch && p.name == "elasticsearch" {
		e.find(p, "", "logstash-product-check", Danger, "the output elasticsearch refuses to talk to an OpenSearch from 7.13 on", "use logstash-output-opensearch")
	}
	if _, ok := p.get("document_type"); ok && e.target.Version.Lineage() >= typelessMajor {
		e.find(p, "document_type", "logstash-document-type", Danger, "document_type: the target has no types, and the output may refuse to start with it", "remove document_type")
	}
	if p.text("manage_template", "true") == "true" && e.target.Version.Lineage() >= singleTypeMajor && p.name == "elasticsearch" {
		e.find(p, "manage_template", "logstash-template", Warning, "the output puts its own template onto the target, in the form its version knows", "set manage_template => false, and let the migration bring the template")
	}
}

// fence judges whether refused events are kept: the output tries everything but 400, 404 and 409 for ever, and the inputs wait
// meanwhile, if they can.
func (e *stashEditor) fence(all []*stashPlugin) Fence {
	if len(e.moved) == 0 {
		return Fence{Allowed: true, Reason: "it sends nothing to the source"}
	}
	for _, p := range all {
		if p.stage == "input" && (p.name == "udp" || p.name == "syslog" || p.name == "snmptrap" || p.name == "http") {
			return Fence{Reason: "the input " + p.name + " does not wait while the output is held"}
		}
	}
	return Fence{Allowed: true, Reason: "the output tries refused events again for ever, and its inputs wait"}
}
