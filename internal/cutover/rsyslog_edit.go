package cutover

// rsyslog_edit.go answers: what is written into an rsyslog configuration so that its actions send to the target?
// rsyslog refuses parameters it doesn't know, so none is added that an old version lacks. Next: rsyslog_lint.go.

import (
	"strconv"
	"strings"
)

type rsyslogEditor struct {
	source, target Endpoint
	to             address
	findings       []Finding
	outputs        []Output
	moved          []*rsyslogObject
}

func (e *rsyslogEditor) find(action *rsyslogObject, code string, severity Severity, text, hint string) {
	e.findings = append(e.findings, Finding{Code: code, Severity: severity, File: action.draft.path, Line: action.line(), Text: text, Hint: hint})
}

// repoint changes one action if it sends to the source.
func (e *rsyslogEditor) repoint(action *rsyslogObject) error {
	places := rsyslogPlaces(action)
	ours, other := 0, ""
	for _, p := range places {
		switch {
		case p.unknown != "":
			e.find(action, "rsyslog-address-unknown", Blocker, p.unknown+", so nobody can tell from the file whether it is the source",
				"if it is, change the variable to "+e.to.String()+"; then accept this")
			return nil
		case e.source.names(p.address):
			ours++
		default:
			other = p.value.text
		}
	}
	if ours == 0 {
		return nil
	}
	if other != "" {
		e.find(action, "rsyslog-other-hosts", Blocker, "one action sends to the source and to "+other+" by turns",
			"if that is another node of the source, list it among the source's names; else split the action")
	}
	if e.to.path != "" {
		e.find(action, "rsyslog-no-path", Blocker, "omelasticsearch cannot send to a path, and the target has "+e.to.path, "give rsyslog an address of the target without a path")
	}
	e.outputs = append(e.outputs, Output{File: action.draft.path, Line: action.line(), Plugin: "omelasticsearch", From: places[0].String(), To: e.to.String()})
	e.moved = append(e.moved, action)
	withoutPort, withoutScheme, err := e.servers(action, places)
	if err != nil {
		return err
	}
	if withoutPort {
		if err := e.set(action, "serverport", strconv.Itoa(e.to.port), strconv.Itoa(defaultPort)); err != nil {
			return err
		}
	}
	if withoutScheme {
		https := "off"
		if e.to.scheme == "https" {
			https = "on"
		}
		if err := e.set(action, "usehttps", https, "off"); err != nil {
			return err
		}
	}
	if err := e.credentials(action); err != nil {
		return err
	}
	return e.types(action)
}

// servers re-points every server of the list in its own form, and says whether one of them leaves the port or the scheme to the
// action. Several nodes may become the same address several times; rsyslog then takes turns among equals.
func (e *rsyslogEditor) servers(action *rsyslogObject, places []rsyslogPlace) (withoutPort, withoutScheme bool, err error) {
	for _, p := range places {
		if !e.source.names(p.address) {
			continue
		}
		text := e.to.host
		switch {
		case strings.Contains(p.value.text, "://"):
			text = e.to.scheme + "://" + e.to.hostPort()
		case strings.Contains(p.value.text, ":"):
			text, withoutScheme = e.to.hostPort(), true
		default:
			withoutPort, withoutScheme = true, true
		}
		if p.value.token < 0 {
			e.insert(action, "server", text)
		} else if p.value.text != text {
			if err := action.draft.replace(p.value.token, quoteRsyslog(text)); err != nil {
				return false, false, err
			}
		}
	}
	return withoutPort, withoutScheme, nil
}

func (e *rsyslogEditor) credentials(action *rsyslogObject) error {
	if e.target.Signed {
		e.find(action, "rsyslog-cannot-sign", Danger, "the target takes signed requests only, and omelasticsearch cannot sign", "allow this address in the access policy, or put a signing proxy in between")
	}
	_, hasUser := action.get("uid")
	switch {
	case e.target.Username == "" && hasUser:
		e.find(action, "rsyslog-same-user", Info, "the user and password of the source will be sent to the target", "create that user there, or give the target's user")
		return nil
	case e.target.Username == "":
		return nil
	case e.target.Password == "":
		e.find(action, "rsyslog-no-password", Blocker, "the target wants the user "+e.target.Username+" and no password was given", "give the password, or accept this and write it yourself")
		return nil
	}
	if err := e.set(action, "uid", e.target.Username, ""); err != nil {
		return err
	}
	return e.set(action, "pwd", e.target.Password, "")
}

// types makes the action send no type to a target that has none: an empty searchType in bulk, `_doc` in single requests.
// Without it omelasticsearch sends "events", unless esVersion.major says 8.
func (e *rsyslogEditor) types(action *rsyslogObject) error {
	if e.target.Version.IsZero() || e.target.Version.Lineage() < typelessMajor {
		return nil
	}
	if action.on("dynsearchtype", false) {
		if err := e.set(action, "dynsearchtype", "off", "off"); err != nil {
			return err
		}
	}
	if p, ok := action.get("esversion.major"); ok && len(p.values) == 1 {
		if err := e.set(action, "esversion.major", strconv.Itoa(max(e.target.Version.Lineage(), typelessMajor)), ""); err != nil {
			return err
		}
	}
	if action.on("bulkmode", false) {
		return e.set(action, "searchtype", "", "events")
	}
	return e.set(action, "searchtype", "_doc", "events")
}

// set gives a parameter a value; where it is missing and the default is another, it is added.
func (e *rsyslogEditor) set(action *rsyslogObject, name, text, otherwise string) error {
	p, ok := action.get(name)
	switch {
	case ok && len(p.values) == 1 && !strings.EqualFold(p.values[0].text, text):
		return action.draft.replace(p.values[0].token, quoteRsyslog(text))
	case !ok && text != otherwise:
		e.insert(action, name, text)
	}
	return nil
}

// spellings are how the names are commonly written; they count in any case.
var spellings = map[string]string{"searchtype": "searchType"}

// insert adds a parameter behind the server, or the type: on a line of its own where the others have one.
func (e *rsyslogEditor) insert(action *rsyslogObject, name, text string) {
	below, ok := action.get("server")
	if !ok {
		below, _ = action.get("type")
	}
	if spelled, ok := spellings[name]; ok {
		name = spelled
	}
	d := action.draft
	added := name + "=" + quoteRsyslog(text)
	if strings.TrimLeft(d.before(below.token), " \t") == "" && d.endsLine(below.end) {
		d.insertLine(below.end, d.indent(below.token)+added)
		return
	}
	if d.endsLine(below.end) && strings.HasPrefix(strings.TrimLeft(d.before(below.token), " \t"), "action") {
		// action(type="omelasticsearch"
		//        server="..."
		d.insertLine(below.end, strings.Repeat(" ", len(d.before(below.token)))+added)
		return
	}
	d.extend(below.end, " "+added)
}

func quoteRsyslog(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
