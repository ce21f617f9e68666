package main

// init.go answers: how does a migration.yaml come to be?

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

type initCommand struct {
	moveFlags
	Source       string   `required:"" help:"The old cluster: a domain's name or a URL."`
	Target       string   `required:"" help:"The new cluster: a domain's name (created if it does not exist) or a URL."`
	Version      string   `help:"Version of a domain to be created, such as 5.5 or OpenSearch_2.19." placeholder:"VERSION"`
	Bucket       string   `help:"S3 bucket for the snapshots; created if it does not exist."`
	Location     string   `help:"Folder for the snapshots instead of a bucket, as both clusters see it."`
	NoRepository bool     `help:"No snapshot can be had: documents are read through the source's search API, held down so that its other work goes on."`
	Fluentd      []string `help:"Main configuration file of a fluentd that writes to the source." placeholder:"FILE"`
	Rsyslog      []string `help:"Main configuration file of an rsyslog that writes to the source." placeholder:"FILE"`
}

// Run writes the file and never over another one.
func (c *initCommand) Run(_ context.Context, call *invocation) error {
	text := c.text(call)
	if _, err := migration.Parse(c.Config, []byte(text)); err != nil {
		return fmt.Errorf("these flags make no migration: %w", err)
	}
	file, err := os.OpenFile(c.Config, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return engine.WithHint(fmt.Errorf("%s exists: %w", c.Config, errRefused), "edit it, or choose another file with -c")
	}
	if err != nil {
		return fmt.Errorf("write the migration: %w", err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the migration: %w", err)
	}
	call.View.Say("Wrote %s. Look at it, then run `hikkoshi doctor`.", c.Config)
	return call.View.Result(map[string]string{"file": c.Config})
}

func (c *initCommand) text(call *invocation) string {
	var out strings.Builder
	line := func(format string, arguments ...any) { fmt.Fprintf(&out, format+"\n", arguments...) }
	side := func(name, address string) {
		line("%s:", name)
		if strings.Contains(address, "://") {
			line("  url: %s", address)
			line("  # auth: {user: NAME, password_env: VARIABLE}   or api_key_env, sigv4: true, certificate and key")
		} else {
			line("  domain: %s", address)
		}
	}
	line("# What moves from where to where. Secrets never stand here: name the environment variable or file that holds them.")
	side("source", c.Source)
	side("target", c.Target)
	if c.Version != "" {
		line("  version: %q", c.Version)
	}
	if call.Region != "" || call.Profile != "" {
		line("aws:")
		if call.Region != "" {
			line("  region: %s", call.Region)
		}
		if call.Profile != "" {
			line("  profile: %s", call.Profile)
		}
	}
	line("repository:")
	switch {
	case c.NoRepository:
		line("  type: none\nload:\n  # source_rate: 5000     # documents a second asked of the source; source_megabytes and source_readers hold it down, too")
	case c.Location != "":
		line("  type: fs\n  location: %s", c.Location)
	default:
		line("  bucket: %s", c.Bucket)
		line("  # role: %s   user: %s   base_path: logs", migration.DefaultRole, migration.DefaultUser)
	}
	line("indices:\n  include: ['*']\n  # exclude: ['.marvel-*']\n  # closed: open        # or skip: what happens to closed indices\n  # rename: {old-name: new-name}")
	line("kibana: migrate          # or keep-target, beside")
	if len(c.Fluentd)+len(c.Rsyslog) == 0 {
		line("# writers:             # the programs that write to the source, so that cutover can re-point them\n#   - fluentd: /etc/td-agent/td-agent.conf\n#     pid_file: /var/run/td-agent/td-agent.pid")
		return out.String()
	}
	line("writers:")
	for _, file := range c.Fluentd {
		line("  - fluentd: %s", file)
	}
	for _, file := range c.Rsyslog {
		line("  - rsyslog: %s", file)
	}
	return out.String()
}
