// This file answers: what is a domain, and in which phase of its life is it now? Phases follow the clock and the node behind
// the domain; nothing ticks. domains.go comes next.

package fakeaws

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// DomainSpec is what the lab needs to give a domain its node.
type DomainSpec struct {
	Name          string
	EngineVersion string // "Elasticsearch_2.3"
	Engine        string // "Elasticsearch" or "OpenSearch"
	Version       string // "2.3"
	InstanceType  string // "m3.medium.search"
	InstanceCount int
	// Settings are the domain's options by their names in the OpenSearch API; those left out take the service's defaults.
	Settings map[string]any
	Tags     map[string]string
}

// domain is one domain. The server's mutex guards it.
type domain struct {
	name, id, arn string
	host          string // the host name that the real service would give it
	settings      map[string]any
	tags          map[string]string
	options       map[string]optionStatus

	created  time.Time
	nodeURL  string // set once OnCreate has returned
	failure  error  // why there will never be a node
	change   change
	deleted  time.Time // when deletion was asked for, zero before
	nodeGone bool      // OnDelete has returned
	cancel   context.CancelFunc
	built    chan struct{} // closed once OnCreate has returned, whatever it said

	endpoint string // base URL of the data plane
	gateway  *http.Server
}

// optionStatus is when a setting was made and last changed.
type optionStatus struct {
	created, updated time.Time
	version          int
}

// change is the configuration change under way or the last one.
type change struct {
	id         string
	start      time.Time
	properties []string
	initial    bool
}

// phase is a domain's state at one instant.
type phase struct {
	created, deleted, processing bool
	endpoint                     bool
	status                       string // DomainProcessingStatus
}

// phase computes the state.
func (d *domain) phase(now time.Time, p Phases) phase {
	switch {
	case !d.deleted.IsZero():
		return phase{created: true, deleted: true, processing: true, status: "Deleting"}
	case now.Before(d.created.Add(p.Creating)):
		return phase{processing: true, status: "Creating"}
	case d.nodeURL == "" || now.Before(d.created.Add(p.Creating+p.Processing)):
		return phase{created: true, processing: true, status: "Creating"}
	case d.changing(now, p):
		return phase{created: true, processing: true, endpoint: true, status: "Modifying"}
	default:
		return phase{created: true, endpoint: true, status: "Active"}
	}
}

func (d *domain) changing(now time.Time, p Phases) bool {
	return !d.change.initial && now.Before(d.change.start.Add(p.Updating))
}

// gone tells whether a deletion is over.
func (d *domain) gone(now time.Time, p Phases) bool {
	return !d.deleted.IsZero() && d.nodeGone && !now.Before(d.deleted.Add(p.Deleting))
}

func (d *domain) version() engineVersion {
	v, _ := d.settings["EngineVersion"].(string)
	return engineVersion(v)
}

// cluster returns a field of ClusterConfig.
func (d *domain) cluster(field string) any {
	c, _ := d.settings["ClusterConfig"].(map[string]any)
	return c[field]
}

// closeGateway ends the data plane.
func (d *domain) closeGateway() {
	if d.gateway != nil {
		d.gateway.Close()
	}
}

// lookup returns a domain that still exists and forgets those that are gone. The mutex is held.
func (s *Server) lookup(name string) (*domain, *apiError) {
	now := s.o.Now()
	for key, d := range s.domains {
		if d.gone(now, s.o.Phases) {
			d.closeGateway()
			delete(s.domains, key)
		}
	}
	if d, ok := s.domains[name]; ok {
		return d, nil
	}
	return nil, &apiError{http.StatusConflict, "ResourceNotFoundException", "Domain not found: " + name}
}

// domainARN is the ARN a domain of that name has.
func (s *Server) domainARN(name string) string {
	return "arn:aws:es:" + s.o.Region + ":" + s.o.Account + ":domain/" + name
}

// newDomain makes a domain out of checked settings. The mutex is held.
func (s *Server) newDomain(name string, settings map[string]any, tags map[string]string) *domain {
	s.serial++
	now := s.o.Now()
	d := &domain{
		name: name, id: s.o.Account + "/" + name, arn: s.domainARN(name), settings: settings, tags: tags, created: now,
		host:    fmt.Sprintf("search-%s-%s.%s.es.amazonaws.com", name, strings.ToLower(newSecret()[:26]), s.o.Region),
		options: map[string]optionStatus{}, built: make(chan struct{}),
	}
	for option := range settings {
		d.options[option] = optionStatus{created: now, updated: now, version: 1}
	}
	d.change = change{id: fmt.Sprintf("00000000-0000-4000-9000-%012d", s.serial), start: now, properties: slices.Sorted(maps.Keys(settings)), initial: true}
	s.domains[name] = d
	return d
}

// spec is what OnCreate is told.
func (d *domain) spec() DomainSpec {
	count, _ := number(d.cluster("InstanceCount"))
	kind, _ := d.cluster("InstanceType").(string)
	return DomainSpec{
		Name: d.name, EngineVersion: string(d.version()), Engine: d.version().engine(), Version: d.version().number(),
		InstanceType: kind, InstanceCount: count, Settings: maps.Clone(d.settings), Tags: maps.Clone(d.tags),
	}
}

// build gives the domain its node, beside the call that made it. The mutex is held.
func (s *Server) build(d *domain) {
	ctx, cancel := context.WithCancel(s.ctx)
	d.cancel = cancel
	spec := d.spec()
	s.work.Go(func() {
		defer close(d.built)
		url, err := "", fmt.Errorf("no OnCreate was given")
		if s.o.OnCreate != nil {
			url, err = s.o.OnCreate(ctx, spec)
		}
		if err == nil {
			err = s.open(d, url)
		}
		if err != nil {
			// The service has no words for this: a domain that fails inside stays in processing.
			s.log.Error("domain gets no node", "domain", spec.Name, "error", err)
			s.mu.Lock()
			d.failure = err
			s.mu.Unlock()
		}
	})
}

// open starts the domain's data plane in front of its node.
func (s *Server) open(d *domain, nodeURL string) error {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveDomain(d, w, r) })
	server, url, err := s.listen(handler)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.gateway, d.endpoint, d.nodeURL = server, url, nodeURL
	if s.ctx.Err() != nil {
		// Close has already gone through the domains.
		server.Close()
	}
	return nil
}

// Adopt adds a domain that is there already, with its node: the old side of a move. Settings the spec leaves out get the
// service's defaults.
func (s *Server) Adopt(spec DomainSpec, nodeURL string) error {
	settings := map[string]any{}
	for option, value := range spec.Settings {
		plain, err := toPlain(value)
		if err != nil {
			return fmt.Errorf("adopt domain %s: option %s: %w", spec.Name, option, err)
		}
		settings[option] = plain
	}
	if spec.EngineVersion != "" {
		settings["EngineVersion"] = spec.EngineVersion
	}
	cluster, _ := settings["ClusterConfig"].(map[string]any)
	if cluster == nil {
		cluster = map[string]any{}
		settings["ClusterConfig"] = cluster
	}
	if spec.InstanceType != "" {
		cluster["InstanceType"] = bareType(spec.InstanceType) + suffixNew
	}
	if spec.InstanceCount > 0 {
		cluster["InstanceCount"] = float64(spec.InstanceCount)
	}
	s.mu.Lock()
	if refusal := s.checkNew(spec.Name, settings); refusal != nil {
		s.mu.Unlock()
		return fmt.Errorf("adopt domain %s: %s: %s", spec.Name, refusal.code, refusal.message)
	}
	tags := maps.Clone(spec.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	d := s.newDomain(spec.Name, settings, tags)
	// It was made long ago, so that it is past every phase.
	d.created = d.created.Add(-s.o.Phases.Creating - s.o.Phases.Processing - time.Hour)
	d.change.start = d.created
	close(d.built)
	s.mu.Unlock()
	return s.open(d, nodeURL)
}

// Endpoint is the base URL of a domain's data plane, empty while it has none.
func (s *Server) Endpoint(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, refusal := s.lookup(name)
	if refusal != nil || !d.phase(s.o.Now(), s.o.Phases).endpoint {
		return ""
	}
	return d.endpoint
}

// HostName is the host name a domain would have in AWS. Requests to URL() with this Host reach its data plane.
func (s *Server) HostName(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, refusal := s.lookup(name); refusal == nil {
		return d.host
	}
	return ""
}

// Failure tells why a domain stays in processing for ever: the error of OnCreate.
func (s *Server) Failure(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.domains[name]; ok {
		return d.failure
	}
	return nil
}

// domainByHost finds the domain a host name belongs to.
func (s *Server) domainByHost(host string) *domain {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.domains {
		if host == d.host || strings.HasPrefix(host, d.host+":") {
			return d
		}
	}
	return nil
}
