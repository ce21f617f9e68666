// Package shipper is the lab's writer that never stops: a small log shipper that makes nginx events and sends them by
// _bulk as fluentd does, so that a move can be judged by what happened to them.
//
// It reads a real fluentd configuration (elasticsearch outputs with file buffers), keeps events in buffer files until
// the cluster has acknowledged them, retries for ever, puts refused events aside as @ERROR does, and answers fluentd's
// own RPC (/api/config.gracefulReload, /api/plugins.flushBuffers) and monitor_agent (/api/plugins.json), so that
// whatever re-points fluentd re-points it too. Every acknowledged id is in its ledger, with the cluster that took it.
//
// Rsyslog is the same by way of a real rsyslogd, where one is installed.
//
// Reading order: config.go -> buffer.go -> output.go -> shipper.go -> rpc.go; rsyslog.go stands alone.
package shipper
