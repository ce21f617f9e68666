// Package cluster speaks REST to one Elasticsearch or OpenSearch cluster of any version: it reads facts, changes
// indices, sends bulks, scans documents with their source bytes untouched, and drives snapshots and restores.
// Everything goes through one transport on net/http; what differs between versions is held by one Dialect value.
//
// Read cluster.go first, then client.go, errors.go, dialect.go, facts.go, indices.go, bulk.go, scan.go, snapshots.go.
package cluster

// cluster.go answers: where is the cluster, and with which credentials may we speak to it? Next: client.go.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Limits of the transport.
const (
	// DefaultTimeout is how long a server may stay silent: no byte taken and none sent. It is no limit on a whole call.
	DefaultTimeout = 90 * time.Second
	// dialTimeout is short: a host that doesn't take a connection in this time is down or behind a firewall.
	dialTimeout = 15 * time.Second
	// maxIdleConnections keeps as many connections warm as the load engine may ever use against one host.
	maxIdleConnections = 64
	idleConnection     = 60 * time.Second
)

// Secret is a text that no printing, logging or encoding shows.
type Secret string

const hidden = "[hidden]"

// Format hides the secret from every verb of package fmt.
func (s Secret) Format(state fmt.State, _ rune) {
	if s != "" {
		_, _ = state.Write([]byte(hidden)) // fmt.State has nowhere to report a write error to.
	}
}

// MarshalText hides the secret from JSON, YAML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(s)), nil }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// Basic is a user and password; the zero value means none.
type Basic struct {
	User     string
	Password Secret
}

// Signer signs a request in place, as AWS's SigV4 does. payloadHash is the hexadecimal SHA-256 of the body as sent.
type Signer interface {
	Sign(ctx context.Context, request *http.Request, payloadHash string) error
}

// Config says how to reach a cluster. Only URL is needed.
type Config struct {
	// URL is http(s)://host[:port][/prefix]; a user and password in it are split off into Basic.
	URL   string
	Basic Basic
	// APIKey is the encoded key, sent as "Authorization: ApiKey ...".
	APIKey Secret
	// CertFile and KeyFile are the client's certificate for mTLS, CAFile what the server's is checked against; PEM.
	CertFile, KeyFile, CAFile string
	// InsecureSkipVerify takes any server certificate.
	InsecureSkipVerify bool
	// Signer signs every request, for AWS domains.
	Signer Signer
	// Timeout is how long the server may stay silent; zero means DefaultTimeout.
	Timeout   time.Duration
	UserAgent string
	// Retries is how often a harmless repeat is tried; zero means DefaultRetries, negative none.
	Retries int
	// OnRetry hears of every repeat before the wait for it.
	OnRetry func(RetryEvent)
}

// Client speaks to one cluster. It is safe for use by many goroutines.
type Client struct {
	base      *url.URL
	basic     Basic
	apiKey    Secret
	signer    Signer
	timeout   time.Duration
	userAgent string
	retries   int
	onRetry   func(RetryEvent)
	http      *http.Client
	detected  detection
}

// New prepares a client. It reads the certificate files and speaks to nobody.
func New(config Config) (*Client, error) {
	base, basic, err := splitURL(config.URL)
	if err != nil {
		return nil, err
	}
	if config.Basic != (Basic{}) {
		basic = config.Basic
	}
	tlsConfig, err := tlsFor(config)
	if err != nil {
		return nil, err
	}
	client := &Client{
		base: base, basic: basic, apiKey: config.APIKey, signer: config.Signer, timeout: config.Timeout,
		userAgent: config.UserAgent, retries: config.Retries, onRetry: config.OnRetry,
	}
	if client.timeout <= 0 {
		client.timeout = DefaultTimeout
	}
	switch {
	case client.retries == 0:
		client.retries = DefaultRetries
	case client.retries < 0:
		client.retries = 0
	}
	if client.userAgent == "" {
		client.userAgent = "hikkoshi"
	}
	client.http = &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: idleConnection}).DialContext,
			TLSClientConfig:     tlsConfig,
			TLSHandshakeTimeout: dialTimeout,
			MaxIdleConns:        maxIdleConnections,
			MaxIdleConnsPerHost: maxIdleConnections,
			IdleConnTimeout:     idleConnection,
			// The bytes of a document's source must arrive as they are, and old nodes pay dearly for compressing.
			DisableCompression: true,
		},
		// A signed request, or one with credentials, is never carried to another host behind the user's back.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client, nil
}

// URL is the cluster's address without credentials.
func (c *Client) URL() string { return c.base.String() }

// Timeout is how long the server may stay silent.
func (c *Client) Timeout() time.Duration { return c.timeout }

// Close lets go of idle connections. The client stays usable.
func (c *Client) Close() { c.http.CloseIdleConnections() }

var errNoURL = errors.New("the cluster's URL must be like http://host:9200 or https://search-name.region.es.amazonaws.com")

// splitURL takes the address apart. Its errors never hold the text, which may carry a password.
func splitURL(text string) (*url.URL, Basic, error) {
	base, err := url.Parse(strings.TrimSpace(text))
	if err != nil || base.Host == "" || base.Hostname() == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, Basic{}, errNoURL
	}
	basic := Basic{}
	if base.User != nil {
		password, _ := base.User.Password()
		basic = Basic{User: base.User.Username(), Password: Secret(password)}
	}
	return &url.URL{Scheme: base.Scheme, Host: base.Host, Path: strings.TrimRight(base.Path, "/")}, basic, nil
}

func tlsFor(config Config) (*tls.Config, error) {
	// InsecureSkipVerify is the user's own explicit choice.
	settings := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: config.InsecureSkipVerify}
	if config.CAFile != "" {
		pem, err := os.ReadFile(config.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the CA certificates: %w", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the CA certificates: %s holds no PEM certificate", config.CAFile)
		}
	}
	if (config.CertFile == "") != (config.KeyFile == "") {
		return nil, errors.New("a client certificate needs both the certificate file and the key file")
	}
	if config.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(config.CertFile, config.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read the client certificate: %w", err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return settings, nil
}

// Info is who answered.
type Info struct {
	Version     es.Version `json:"version"`
	ClusterName string     `json:"cluster_name"`
	// ClusterUUID is empty where the server tells none (1.x, some 2.x).
	ClusterUUID string `json:"cluster_uuid,omitempty"`
	// Distribution is what the server calls itself beyond its version: "opensearch", "oss", "default" or "".
	Distribution string `json:"distribution,omitempty"`
	// AWS says that this is a domain of the Amazon service, which hides its nodes and allows fewer calls.
	AWS bool `json:"aws"`
}

// compact is how raw JSON from the server enters errors and events: short, on one line.
func shorten(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	cut := limit
	for cut > 0 && text[cut]&0xC0 == 0x80 { // never within a rune
		cut--
	}
	return text[:cut] + "…"
}

func mustJSON(value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil {
		// Only our own request structs come here; one that can't be encoded is our bug.
		panic("request body can't be encoded: " + err.Error())
	}
	return encoded
}
