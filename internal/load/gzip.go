package load

// gzip.go answers: does it pay to compress bodies? Between machines it saves the network, on one machine it only costs.
// Next: send.go.

import (
	"net"
	"net/url"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
)

// Gzip says whether bodies are compressed.
type Gzip string

// The choices. The zero value is GzipAuto.
const (
	// GzipAuto compresses unless the target is on this machine.
	GzipAuto Gzip = "auto"
	// GzipOn and GzipOff overrule; versions before 5.0 do not understand it and never get it.
	GzipOn  Gzip = "on"
	GzipOff Gzip = "off"
)

func (g Gzip) pays(address string, dialect *cluster.Dialect) bool {
	if !dialect.GzipRequests || g == GzipOff {
		return false
	}
	if g == GzipOn {
		return true
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return true
	}
	ip := net.ParseIP(parsed.Hostname())
	return parsed.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}
