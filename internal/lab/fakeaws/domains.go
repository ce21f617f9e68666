// This file answers: which operations have the two domain APIs, by path, and what does each do? validate.go and shapes.go
// come next.

package fakeaws

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// tagsMax is how many tags a domain may have.
const tagsMax = 10

// apiCall is one call on its way through.
type apiCall struct {
	s    *Server
	r    *http.Request
	l    dialect
	body map[string]any
	name string // the domain it is about, if any
}

// operation is one row of the table: method, path in each API, name in each API, what it does under the server's mutex.
type operation struct {
	method, oldPath, newPath string
	oldName, newName         string
	do                       func(c *apiCall) (any, *apiError)
}

// operations returns the table.
func operations() []operation {
	const es, os = "/2015-01-01/es", "/2021-01-01/opensearch"
	row := func(method, oldPath, newPath, oldName, newName string, do func(*apiCall) (any, *apiError)) operation {
		return operation{method, oldPath, newPath, oldName, newName, do}
	}
	return []operation{
		row("POST", es+"/domain", os+"/domain", "CreateElasticsearchDomain", "CreateDomain", createDomain),
		row("GET", es+"/domain/{name}", os+"/domain/{name}", "DescribeElasticsearchDomain", "DescribeDomain", describeDomain),
		row("DELETE", es+"/domain/{name}", os+"/domain/{name}", "DeleteElasticsearchDomain", "DeleteDomain", deleteDomain),
		row("GET", es+"/domain/{name}/config", os+"/domain/{name}/config", "DescribeElasticsearchDomainConfig", "DescribeDomainConfig", describeConfig),
		row("POST", es+"/domain/{name}/config", os+"/domain/{name}/config", "UpdateElasticsearchDomainConfig", "UpdateDomainConfig", updateConfig),
		row("GET", es+"/domain/{name}/progress", os+"/domain/{name}/progress", "DescribeDomainChangeProgress", "DescribeDomainChangeProgress", describeProgress),
		row("GET", "", os+"/domain/{name}/health", "", "DescribeDomainHealth", describeHealth),
		row("POST", es+"/domain-info", os+"/domain-info", "DescribeElasticsearchDomains", "DescribeDomains", describeDomains),
		row("GET", "/2015-01-01/domain", "/2021-01-01/domain", "ListDomainNames", "ListDomainNames", listDomainNames),
		row("GET", es+"/versions", os+"/versions", "ListElasticsearchVersions", "ListVersions", listVersions),
		row("GET", es+"/compatibleVersions", os+"/compatibleVersions", "GetCompatibleElasticsearchVersions", "GetCompatibleVersions", compatibleVersions),
		row("GET", es+"/instanceTypes/{version}", os+"/instanceTypeDetails/{version}", "ListElasticsearchInstanceTypes", "ListInstanceTypeDetails", listInstanceTypes),
		row("GET", es+"/instanceTypeLimits/{version}/{type}", os+"/instanceTypeLimits/{version}/{type}", "DescribeElasticsearchInstanceTypeLimits", "DescribeInstanceTypeLimits", instanceTypeLimits),
		row("POST", "/2015-01-01/tags", "/2021-01-01/tags", "AddTags", "AddTags", addTags),
		row("GET", "/2015-01-01/tags/{$}", "/2021-01-01/tags/{$}", "ListTags", "ListTags", listTags),
		row("GET", "/2015-01-01/tags", "/2021-01-01/tags", "ListTags", "ListTags", listTags),
		row("POST", "/2015-01-01/tags-removal", "/2021-01-01/tags-removal", "RemoveTags", "RemoveTags", removeTags),
	}
}

// domainsAPI makes the handler of both APIs.
func (s *Server) domainsAPI() *http.ServeMux {
	mux := http.NewServeMux()
	for _, op := range operations() {
		if op.oldPath != "" {
			mux.Handle(op.method+" "+op.oldPath, s.apiHandler(op.oldName, op.do))
		}
		mux.Handle(op.method+" "+op.newPath, s.apiHandler(op.newName, op.do))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeJSONError(w, &apiError{http.StatusNotFound, "UnknownOperationException", "the stand-in has no " + r.Method + " " + r.URL.Path}, s.requestID())
	})
	return mux
}

// apiHandler takes a call through faults, signature, rights and the operation itself.
func (s *Server) apiHandler(action string, do func(*apiCall) (any, *apiError)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, caller := s.requestID(), ""
		refuse := func(w http.ResponseWriter, e *apiError) int { return writeJSONError(w, e, id) }
		body, refusal := readBody(r, maxAPIBody)
		if refusal != nil {
			refuse(w, refusal)
			return
		}
		status := s.faulty(w, r, "", action, refuse, func(w http.ResponseWriter) int {
			who, refusal := s.authenticate(r, "es", "es", hexSHA256(body))
			if refusal != nil {
				return refuse(w, refusal)
			}
			caller = who.arn
			c := &apiCall{s: s, r: r, l: dialectOf(r.URL.Path), body: map[string]any{}, name: r.PathValue("name")}
			if len(body) > 0 {
				if err := json.Unmarshal(body, &c.body); err != nil {
					return refuse(w, &apiError{http.StatusBadRequest, "SerializationException", "the body is no JSON object"})
				}
			}
			if refusal := s.authorize(who, "es:"+action, c.resource(), nil); refusal != nil {
				return refuse(w, &apiError{refusal.status, "AccessDeniedException", refusal.message})
			}
			s.mu.Lock()
			answer, refusal := do(c)
			s.mu.Unlock()
			if refusal != nil {
				return refuse(w, c.l.words(refusal))
			}
			return writeJSON(w, answer, id)
		})
		s.record(Call{Service: "es", Action: action, Caller: caller, Status: status})
	})
}

// resource is the ARN the call is about.
func (c *apiCall) resource() string {
	name := c.name
	if name == "" {
		name, _ = c.body["DomainName"].(string)
	}
	if arn, ok := c.body["ARN"].(string); ok {
		return arn
	}
	if arn := c.r.URL.Query().Get("arn"); arn != "" {
		return arn
	}
	if name == "" {
		return "*"
	}
	return c.s.domainARN(name)
}

func createDomain(c *apiCall) (any, *apiError) {
	name, _ := c.body["DomainName"].(string)
	settings := c.l.settings(c.body)
	version := engineVersion(defaultNewVersion)
	if c.l.old {
		version = defaultOldVersion
	}
	if asked, ok := c.body[c.l.versionField].(string); ok {
		version = c.l.parseVersion(asked)
	}
	settings["EngineVersion"] = string(version)
	if refusal := c.s.checkNew(name, settings); refusal != nil {
		return nil, refusal
	}
	tags, refusal := readTags(c.body["TagList"])
	if refusal != nil {
		return nil, refusal
	}
	d := c.s.newDomain(name, settings, tags)
	c.s.build(d)
	return map[string]any{"DomainStatus": c.s.status(d, c.l)}, nil
}

func describeDomain(c *apiCall) (any, *apiError) {
	d, refusal := c.s.lookup(c.name)
	if refusal != nil {
		return nil, refusal
	}
	return map[string]any{"DomainStatus": c.s.status(d, c.l)}, nil
}

func describeConfig(c *apiCall) (any, *apiError) {
	d, refusal := c.s.lookup(c.name)
	if refusal != nil {
		return nil, refusal
	}
	return map[string]any{"DomainConfig": c.s.config(d, c.l)}, nil
}

func describeProgress(c *apiCall) (any, *apiError) {
	d, refusal := c.s.lookup(c.name)
	if refusal != nil {
		return nil, refusal
	}
	if asked := c.r.URL.Query().Get("changeid"); asked != "" && asked != d.change.id {
		return nil, invalid("Change ID %s does not exist for this domain", asked)
	}
	return map[string]any{"ChangeProgressStatus": c.s.progress(d)}, nil
}

func describeHealth(c *apiCall) (any, *apiError) {
	d, refusal := c.s.lookup(c.name)
	if refusal != nil {
		return nil, refusal
	}
	count, _ := number(d.cluster("InstanceCount"))
	out := map[string]any{
		"DomainState": "Active", "ClusterHealth": "Green", "MasterNode": "Available", "DataNodeCount": fmt.Sprint(count), "WarmNodeCount": "0",
		"DedicatedMaster": d.cluster("DedicatedMasterEnabled"), "AvailabilityZoneCount": "1", "ActiveAvailabilityZoneCount": "1",
	}
	if d.phase(c.s.o.Now(), c.s.o.Phases).processing {
		out["DomainState"], out["ClusterHealth"] = "Processing", "NotAvailable"
	}
	return out, nil
}

func describeDomains(c *apiCall) (any, *apiError) {
	list := []any{}
	names, _ := c.body["DomainNames"].([]any)
	for _, name := range names {
		if d, refusal := c.s.lookup(fmt.Sprint(name)); refusal == nil {
			list = append(list, c.s.status(d, c.l))
		}
	}
	return map[string]any{"DomainStatusList": list}, nil
}

func listDomainNames(c *apiCall) (any, *apiError) {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(c.s.domains)) {
		d, refusal := c.s.lookup(name)
		if refusal != nil {
			continue
		}
		if want := c.r.URL.Query().Get("engineType"); want == "" || want == d.version().engine() {
			list = append(list, map[string]any{"DomainName": name, "EngineType": d.version().engine()})
		}
	}
	return map[string]any{"DomainNames": list}, nil
}

func deleteDomain(c *apiCall) (any, *apiError) {
	d, refusal := c.s.lookup(c.name)
	if refusal != nil {
		return nil, refusal
	}
	if d.deleted.IsZero() {
		d.deleted = c.s.o.Now()
		if d.cancel != nil {
			d.cancel()
		}
		c.s.work.Go(func() {
			<-d.built
			if c.s.o.OnDelete != nil {
				if err := c.s.o.OnDelete(context.WithoutCancel(c.s.ctx), d.name); err != nil {
					c.s.log.Error("node of a deleted domain stays", "domain", d.name, "error", err)
				}
			}
			c.s.mu.Lock()
			d.nodeGone = true
			c.s.mu.Unlock()
		})
	}
	return map[string]any{"DomainStatus": c.s.status(d, c.l)}, nil
}

func updateConfig(c *apiCall) (any, *apiError) {
	d, refusal := c.s.lookup(c.name)
	if refusal != nil {
		return nil, refusal
	}
	now := c.s.o.Now()
	ph := d.phase(now, c.s.o.Phases)
	if ph.deleted || !ph.endpoint {
		return nil, invalid("You can't change the configuration of domain %s while it is being created or deleted", d.name)
	}
	if ph.processing && c.body["DryRun"] != true {
		return nil, invalid("A change/update is in progress. Please wait for it to complete before requesting another change.")
	}
	merged, changed := merge(d.settings, c.l.settings(c.body))
	if refusal := c.s.checkSettings(merged); refusal != nil {
		return nil, refusal
	}
	for _, option := range []string{"EncryptionAtRestOptions", "NodeToNodeEncryptionOptions"} {
		before, _ := d.settings[option].(map[string]any)
		after, _ := merged[option].(map[string]any)
		if before["Enabled"] == true && after["Enabled"] != true {
			return nil, invalid("Disabling %s is not an allowed operation", option)
		}
	}
	answer := map[string]any{}
	if c.body["DryRun"] == true {
		kind := deployment(changed)
		answer["DryRunResults"] = map[string]any{"DeploymentType": kind, "Message": "This change will be made by " + kind + "."}
		if c.body["DryRunMode"] == "Verbose" {
			answer["DryRunProgressStatus"] = map[string]any{"DryRunId": c.s.dryRunID(), "DryRunStatus": "succeeded", "CreationDate": iso(now), "UpdateDate": iso(now), "ValidationFailures": []any{}}
		}
		answer["DomainConfig"] = c.s.config(d, c.l)
		return answer, nil
	}
	d.settings = merged
	if len(changed) > 0 {
		c.s.serial++
		d.change = change{id: fmt.Sprintf("00000000-0000-4000-9000-%012d", c.s.serial), start: now, properties: changed}
		for _, option := range changed {
			o := d.options[option]
			if o.version == 0 {
				o.created = now
			}
			d.options[option] = optionStatus{created: o.created, updated: now, version: o.version + 1}
		}
	}
	answer["DomainConfig"] = c.s.config(d, c.l)
	return answer, nil
}

// dryRunID makes an id. The mutex is held.
func (s *Server) dryRunID() string {
	s.serial++
	return fmt.Sprintf("00000000-0000-4000-a000-%012d", s.serial)
}

// merge lays the asked options over the present ones, field by field, and names those that differ afterwards.
func merge(have, asked map[string]any) (merged map[string]any, changed []string) {
	merged = maps.Clone(have)
	for option, value := range asked {
		before, isMap := have[option].(map[string]any)
		if fields, ok := value.(map[string]any); ok && isMap && option != "AdvancedOptions" {
			after := maps.Clone(before)
			maps.Copy(after, fields)
			value = after
		}
		if !reflect.DeepEqual(have[option], value) {
			changed = append(changed, option)
		}
		merged[option] = value
	}
	slices.Sort(changed)
	return merged, changed
}

// deployment tells whether a change needs new nodes.
func deployment(changed []string) string {
	if len(changed) == 0 {
		return "None"
	}
	for _, option := range changed {
		if !slices.Contains([]string{"AccessPolicies", "SnapshotOptions", "LogPublishingOptions", "AutoTuneOptions", "OffPeakWindowOptions", "SoftwareUpdateOptions", "DomainEndpointOptions"}, option) {
			return "Blue/Green"
		}
	}
	return "DynamicUpdate"
}

func listVersions(c *apiCall) (any, *apiError) {
	var list []string
	for _, v := range slices.Backward(engineVersions()) {
		// The older API lists its own engine only.
		if !c.l.old || v.engine() == "Elasticsearch" {
			list = append(list, c.l.version(v))
		}
	}
	if c.l.old {
		return map[string]any{"ElasticsearchVersions": list}, nil
	}
	return map[string]any{"Versions": list}, nil
}

func compatibleVersions(c *apiCall) (any, *apiError) {
	from := engineVersions()
	if name := c.r.URL.Query().Get("domainName"); name != "" {
		d, refusal := c.s.lookup(name)
		if refusal != nil {
			return nil, refusal
		}
		from = []engineVersion{d.version()}
	}
	list := []any{}
	for _, v := range from {
		targets := []string{}
		for _, to := range v.upgrades() {
			targets = append(targets, c.l.version(to))
		}
		if len(targets) > 0 {
			list = append(list, map[string]any{"SourceVersion": c.l.version(v), "TargetVersions": targets})
		}
	}
	if c.l.old {
		return map[string]any{"CompatibleElasticsearchVersions": list}, nil
	}
	return map[string]any{"CompatibleVersions": list}, nil
}

// pathVersion reads the version in the path.
func (c *apiCall) pathVersion() (engineVersion, *apiError) {
	v := c.l.parseVersion(c.r.PathValue("version"))
	if !v.known() {
		return "", invalid("Unsupported engine version: %s", v)
	}
	return v, nil
}

func listInstanceTypes(c *apiCall) (any, *apiError) {
	v, refusal := c.pathVersion()
	if refusal != nil {
		return nil, refusal
	}
	names, details := []string{}, []any{}
	for _, t := range instanceTypes() {
		if t.offered(v) {
			names = append(names, t.name+c.l.suffix)
			details = append(details, map[string]any{
				"InstanceType": t.name + c.l.suffix, "EncryptionEnabled": t.encrypted && v.atLeast("5.1"), "CognitoEnabled": v.atLeast("5.1"), "AppLogsEnabled": v.atLeast("5.1"),
				"AdvancedSecurityEnabled": v.atLeast("6.7"), "WarmEnabled": v.atLeast("6.8"), "InstanceRole": []string{"DATA", "DEDICATED_MASTER"},
			})
		}
	}
	if c.l.old {
		return map[string]any{"ElasticsearchInstanceTypes": names}, nil
	}
	return map[string]any{"InstanceTypeDetails": details}, nil
}

func instanceTypeLimits(c *apiCall) (any, *apiError) {
	v, refusal := c.pathVersion()
	if refusal != nil {
		return nil, refusal
	}
	name := c.r.PathValue("type")
	t, known := findType(name)
	if !known || !strings.HasSuffix(name, c.l.suffix) || !t.offered(v) {
		return nil, invalid("Instance type %s is not supported for version %s", name, v)
	}
	return map[string]any{"LimitsByRole": map[string]any{"data": t.limits()}}, nil
}

// tagged finds the domain whose ARN a tag call names.
func (c *apiCall) tagged(arn string) (*domain, *apiError) {
	name, ok := strings.CutPrefix(arn, c.s.domainARN(""))
	if !ok {
		return nil, invalid("Invalid ARN: %s", arn)
	}
	return c.s.lookup(name)
}

func addTags(c *apiCall) (any, *apiError) {
	d, refusal := c.tagged(fmt.Sprint(c.body["ARN"]))
	if refusal != nil {
		return nil, refusal
	}
	tags, refusal := readTags(c.body["TagList"])
	if refusal != nil {
		return nil, refusal
	}
	all := maps.Clone(d.tags)
	maps.Copy(all, tags)
	if len(all) > tagsMax {
		return nil, &apiError{http.StatusConflict, "LimitExceededException", fmt.Sprintf("A domain may have at most %d tags", tagsMax)}
	}
	d.tags = all
	return map[string]any{}, nil
}

func listTags(c *apiCall) (any, *apiError) {
	d, refusal := c.tagged(c.r.URL.Query().Get("arn"))
	if refusal != nil {
		return nil, refusal
	}
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(d.tags)) {
		list = append(list, map[string]string{"Key": key, "Value": d.tags[key]})
	}
	return map[string]any{"TagList": list}, nil
}

func removeTags(c *apiCall) (any, *apiError) {
	d, refusal := c.tagged(fmt.Sprint(c.body["ARN"]))
	if refusal != nil {
		return nil, refusal
	}
	keys, _ := c.body["TagKeys"].([]any)
	for _, key := range keys {
		delete(d.tags, fmt.Sprint(key))
	}
	return map[string]any{}, nil
}

// readTags reads a TagList.
func readTags(value any) (map[string]string, *apiError) {
	tags := map[string]string{}
	list, _ := value.([]any)
	for _, entry := range list {
		tag, _ := entry.(map[string]any)
		key, ok := tag["Key"].(string)
		if !ok || key == "" || strings.HasPrefix(key, "aws:") {
			return nil, invalid("Tag keys must not be empty and can't start with aws:")
		}
		tags[key], _ = tag["Value"].(string)
	}
	if len(tags) > tagsMax {
		return nil, invalid("A domain may have at most %d tags", tagsMax)
	}
	return tags, nil
}
