package shipper

// template.go answers: what does the configuration look like that the lab gives its shipper? Like one that a careful
// person wrote for fluentd: file buffers, ids, an @ERROR store, comments.

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway/tool"
)

// Setup is what WriteConfig puts into a configuration.
type Setup struct {
	// URL is the cluster that receives.
	URL string
	// Dir takes the buffers and the error file.
	Dir string
	// RPC and Monitor are the host:port addresses of fluentd's RPC and monitor_agent; empty chooses free loopback ports.
	RPC, Monitor string
}

const configText = `# td-agent.conf of web-01: nginx logs to Elasticsearch
<system>
  rpc_endpoint %[1]s
</system>

<source>
  @type monitor_agent
  bind %[2]s
  port %[3]s
</source>

<match nginx.access>
  @type elasticsearch
  @id out_nginx_access
  scheme %[4]s
  host %[5]s          # the domain's endpoint
  port %[6]s
  logstash_format true
  logstash_prefix nginx-access
  type_name access_log
  id_key request_id   # a retry writes the same document again, not a second one
  reload_connections false
  <buffer>
    @type file
    path %[7]s
    flush_interval 0.5s
    chunk_limit_size 1m
    retry_wait 0.2s
    retry_max_interval 2s
    retry_forever true
  </buffer>
</match>

<match nginx.error>
  @type elasticsearch
  @id out_nginx_error
  hosts %[4]s://%[5]s:%[6]s
  logstash_format true
  logstash_prefix nginx-error
  type_name error_log
  id_key request_id
  reload_connections false
  <buffer>
    @type file
    path %[8]s
    flush_interval 0.5s
    retry_wait 0.2s
    retry_max_interval 2s
    retry_forever true
  </buffer>
</match>

# what the cluster refuses is kept, not dropped
<label @ERROR>
  <match **>
    @type file
    path %[9]s
  </match>
</label>
`

// WriteConfig writes a configuration for Start to path and gives the setup back with the addresses that were chosen.
func WriteConfig(path string, setup Setup) (Setup, error) {
	u, err := url.Parse(setup.URL)
	if err != nil || u.Port() == "" {
		return setup, fmt.Errorf("%q is no URL with a port", setup.URL)
	}
	for _, address := range []*string{&setup.RPC, &setup.Monitor} {
		if *address != "" {
			continue
		}
		if *address, err = freeAddress(); err != nil {
			return setup, err
		}
	}
	host, port, err := net.SplitHostPort(setup.Monitor)
	if err != nil {
		return setup, fmt.Errorf("monitor address: %w", err)
	}
	text := fmt.Sprintf(configText, setup.RPC, host, port, u.Scheme, u.Hostname(), u.Port(),
		filepath.Join(setup.Dir, "buffer", "nginx-access"), filepath.Join(setup.Dir, "buffer", "nginx-error"), filepath.Join(setup.Dir, "refused.log"))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return setup, fmt.Errorf("write the shipper's configuration: %w", err)
	}
	return setup, nil
}

func freeAddress() (string, error) {
	port, err := tool.FreePort()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}
