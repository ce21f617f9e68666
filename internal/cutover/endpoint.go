package cutover

// endpoint.go answers: is the cluster that a configuration names the one we move away from? Next: draft.go.

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Endpoint is one side of the move as writers name it.
type Endpoint struct {
	// URL is https://host[:port][/path]; user and password in it are ignored.
	URL string `json:"url"`
	// Also lists further names of the same cluster: its nodes, a private name, an address. "host:port", or "host" for any port.
	Also []string `json:"also,omitempty"`
	// Region is the AWS region of a domain; empty elsewhere.
	Region string `json:"region,omitempty"`
	// Signed says that the cluster takes only requests signed by SigV4.
	Signed bool `json:"signed,omitempty"`
	// Username and Password are what writers shall log in with; empty keeps what the configuration has.
	Username string     `json:"username,omitempty"`
	Password string     `json:"-"`
	Version  es.Version `json:"version"`
}

const (
	defaultPort = 9200 // of every client of Elasticsearch
	httpPort    = 80
	httpsPort   = 443
)

// address is where requests go.
type address struct {
	scheme, host string
	port         int
	path         string // without a trailing slash
}

// parseAddress reads a URL. Without a port it has the scheme's own, as Ruby's URI and AWS do.
func parseAddress(text string) (address, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		// The error of url.Parse repeats the text, and that may hold a password.
		return address{}, problem("write it as https://host:port", fmt.Errorf("read the URL of a cluster: not a URL"))
	}
	if parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "" {
		return address{}, problem("write it as https://host:port", fmt.Errorf("URL %q names no http or https host", parsed.Redacted()))
	}
	port := httpPort
	if parsed.Scheme == "https" {
		port = httpsPort
	}
	if parsed.Port() != "" {
		if port, err = strconv.Atoi(parsed.Port()); err != nil || port < 1 || port > 65535 {
			return address{}, problem("ports are 1 to 65535", fmt.Errorf("URL %q has no valid port", parsed.Redacted()))
		}
	}
	return address{parsed.Scheme, parsed.Hostname(), port, strings.TrimRight(parsed.Path, "/")}, nil
}

// String is the URL, with the port only where it is not the scheme's own.
func (a address) String() string {
	return a.scheme + "://" + a.authority() + a.path
}

// authority is host or host:port, as a URL has it.
func (a address) authority() string {
	host := a.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if a.scheme == "http" && a.port == httpPort || a.scheme == "https" && a.port == httpsPort {
		return host
	}
	return host + ":" + strconv.Itoa(a.port)
}

// hostPort always shows the port.
func (a address) hostPort() string { return net.JoinHostPort(a.host, strconv.Itoa(a.port)) }

func normalHost(host string) string {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	switch host {
	case "localhost", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1":
		return "loopback"
	}
	return host
}

// is says whether both name one cluster. Port 80 and 443 of one host count as the same: a domain of AWS listens on both.
func (a address) is(other address) bool {
	if normalHost(a.host) != normalHost(other.host) {
		return false
	}
	return a.port == other.port || webPort(a.port) && webPort(other.port)
}

func webPort(port int) bool { return port == httpPort || port == httpsPort }

// names says whether an address belongs to this endpoint.
func (e Endpoint) names(a address) bool {
	if own, err := parseAddress(e.URL); err == nil && own.is(a) {
		return true
	}
	for _, also := range e.Also {
		if strings.Contains(also, "://") {
			if other, err := parseAddress(also); err == nil && other.is(a) {
				return true
			}
			continue
		}
		host, port, err := net.SplitHostPort(also)
		if err != nil {
			host, port = also, ""
		}
		if normalHost(host) == normalHost(a.host) && (port == "" || port == strconv.Itoa(a.port)) {
			return true
		}
	}
	return false
}

// namesHost says whether a host is one of this endpoint's, whatever the port.
func (e Endpoint) namesHost(host string) bool {
	if own, err := parseAddress(e.URL); err == nil && normalHost(own.host) == normalHost(host) {
		return true
	}
	for _, also := range e.Also {
		if a, err := parseAddress(also); err == nil {
			also = a.host
		} else if name, _, err := net.SplitHostPort(also); err == nil {
			also = name
		}
		if normalHost(also) == normalHost(host) {
			return true
		}
	}
	return false
}

// bare is the URL without user and password; empty when it is none.
func (e Endpoint) bare() string {
	own, err := parseAddress(e.URL)
	if err != nil {
		return ""
	}
	return own.String()
}

// onAWS says whether an endpoint is a domain of AWS.
func (e Endpoint) onAWS() bool {
	own, err := parseAddress(e.URL)
	return e.Region != "" || e.Signed || err == nil && strings.HasSuffix(normalHost(own.host), ".es.amazonaws.com")
}
