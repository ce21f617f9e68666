package cutover

// fluentd_canary.go answers: where does this fluentd take events, so that a canary can be given to it the same way?
// Next: canary.go.

import (
	"net"
	"regexp"
	"strings"
)

const (
	inHTTPPort    = "9880"
	inForwardPort = "24224"
	canaryTag     = "hikkoshi.canary"
)

// Senders lists the inputs of this configuration over which a canary reaches an output that sends to the source or the
// target: in_http first, then in_forward. Followed files are not among them, since only their owner knows how a line has to
// look: use ToFile.
func (f *Fluentd) Senders() ([]Sender, error) {
	tree, err := loadFluentd(f.Config)
	if err != nil {
		return nil, err
	}
	var http, forward []Sender
	for _, output := range tree.outputs() {
		tag, ok := tagFor(output.pattern)
		if !ok || !f.concerns(output) {
			continue
		}
		tree.root.sections(func(s *section) {
			kind, ok := s.plugin()
			label, _ := s.get("@label")
			if s.name != "source" || !ok || label.value.text != output.inLabel {
				return
			}
			switch kind.value.text {
			case "http":
				if s.child("transport") == nil {
					http = append(http, ToHTTP{URL: "http://" + listens(s, inHTTPPort) + "/" + tag})
				}
			case "forward":
				if s.child("security") == nil && s.child("transport") == nil {
					forward = append(forward, ToForward{Address: listens(s, inForwardPort), Tag: tag})
				}
			}
		})
	}
	return append(http, forward...), nil
}

// concerns says whether an output is one that moves or has moved.
func (f *Fluentd) concerns(o *fluentdOutput) bool {
	for _, p := range o.places() {
		if p.unknown == "" && (f.Source.names(p.address) || f.Target.names(p.address)) {
			return true
		}
	}
	return false
}

// listens gives the address of an input from this machine.
func listens(s *section, otherwise string) string {
	port, bind := otherwise, "127.0.0.1"
	if p, ok := s.get("port"); ok {
		port = p.value.text
	}
	if p, ok := s.get("bind"); ok && p.value.text != "0.0.0.0" && p.value.text != "::" {
		bind = p.value.text
	}
	return net.JoinHostPort(bind, port)
}

var firstAlternative = regexp.MustCompile(`\{([^{},]*)[^{}]*\}`)

// tagFor gives a tag that the first pattern of a <match> takes.
func tagFor(pattern string) (string, bool) {
	fields := strings.Fields(pattern)
	if len(fields) == 0 || strings.ContainsAny(fields[0], "#/") {
		return "", false // Ruby code or a regular expression
	}
	tag := firstAlternative.ReplaceAllString(fields[0], "$1")
	tag = strings.ReplaceAll(tag, "**", canaryTag)
	tag = strings.ReplaceAll(tag, "*", "hikkoshi")
	return tag, tag != ""
}
