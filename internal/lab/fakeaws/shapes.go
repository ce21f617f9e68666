// This file answers: how does each of the two APIs write a domain? Inside, options have the names of the newer one.

package fakeaws

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// dialect is what differs between the API of 2015 and that of 2021.
type dialect struct {
	old          bool
	versionField string
	clusterField string
	suffix       string
}

func dialectOf(path string) dialect {
	if strings.HasPrefix(path, "/2015-01-01/") {
		return dialect{true, "ElasticsearchVersion", "ElasticsearchClusterConfig", suffixOld}
	}
	return dialect{false, "EngineVersion", "ClusterConfig", suffixNew}
}

// settable lists the options both calls that make and change a domain take, by their names in the newer API.
func settable() []string {
	return []string{
		"AccessPolicies", "AdvancedOptions", "AdvancedSecurityOptions", "AutoTuneOptions", "ClusterConfig", "CognitoOptions", "DomainEndpointOptions", "EBSOptions",
		"EncryptionAtRestOptions", "IPAddressType", "LogPublishingOptions", "NodeToNodeEncryptionOptions", "OffPeakWindowOptions", "SnapshotOptions", "SoftwareUpdateOptions", "VPCOptions",
	}
}

// newerOnly are options that the older API never shows.
func newerOnly(option string) bool {
	return slices.Contains([]string{"IPAddressType", "OffPeakWindowOptions", "SoftwareUpdateOptions"}, option)
}

// version writes a version as the dialect does: "2.3" or "Elasticsearch_2.3"; the older API shows OpenSearch by its full name.
func (l dialect) version(v engineVersion) string {
	if l.old && v.engine() == "Elasticsearch" {
		return v.number()
	}
	return string(v)
}

// parseVersion reads it back.
func (l dialect) parseVersion(s string) engineVersion {
	if l.old && !strings.Contains(s, "_") {
		return engineVersion("Elasticsearch_" + s)
	}
	return engineVersion(s)
}

// settings reads the options of a request.
func (l dialect) settings(body map[string]any) map[string]any {
	out := map[string]any{}
	for _, option := range settable() {
		name := option
		if option == "ClusterConfig" {
			name = l.clusterField
		}
		if value, ok := body[name]; ok && value != nil {
			out[option] = value
		}
	}
	if cluster, ok := out["ClusterConfig"].(map[string]any); ok {
		out["ClusterConfig"] = l.types(cluster, l.suffix, suffixNew)
	}
	return out
}

// types rewrites the instance types' suffix; a type with another suffix stays as it is and is refused later.
func (l dialect) types(cluster map[string]any, from, to string) map[string]any {
	out := maps.Clone(cluster)
	for _, field := range []string{"InstanceType", "DedicatedMasterType", "WarmType"} {
		if name, ok := out[field].(string); ok {
			if bare, cut := strings.CutSuffix(name, from); cut {
				out[field] = bare + to
			}
		}
	}
	return out
}

// words writes a refusal with the instance types as the caller named them.
func (l dialect) words(e *apiError) *apiError {
	return &apiError{e.status, e.code, strings.ReplaceAll(e.message, suffixNew+" ", l.suffix+" ")}
}

// options writes the settings for an answer: what is secret or not echoed is left out.
func (l dialect) options(d *domain) map[string]any {
	out := map[string]any{}
	for option, value := range d.settings {
		if l.old && newerOnly(option) {
			continue
		}
		switch option {
		case "EngineVersion":
			out[l.versionField] = l.version(d.version())
		case "ClusterConfig":
			out[l.clusterField] = l.types(value.(map[string]any), suffixNew, l.suffix)
		case "AdvancedSecurityOptions":
			shown := maps.Clone(value.(map[string]any))
			delete(shown, "MasterUserOptions")
			out[option] = shown
		case "VPCOptions":
			out[option] = derivedVPC(value)
		default:
			out[option] = value
		}
	}
	return out
}

// derivedVPC adds what the service finds out from the subnets.
func derivedVPC(value any) any {
	vpc, ok := value.(map[string]any)
	if subnets, _ := vpc["SubnetIds"].([]any); !ok || len(subnets) == 0 {
		return value
	}
	out := maps.Clone(vpc)
	out["VPCId"] = "vpc-0123456789abcdef0"
	return out
}

// status is DomainStatus.
func (s *Server) status(d *domain, l dialect) map[string]any {
	now := s.o.Now()
	ph := d.phase(now, s.o.Phases)
	out := l.options(d)
	delete(out, "AutoTuneOptions")
	out["AutoTuneOptions"] = map[string]any{"State": "DISABLED"}
	out["DomainId"], out["DomainName"], out["ARN"] = d.id, d.name, d.arn
	out["Created"], out["Deleted"], out["Processing"], out["UpgradeProcessing"] = ph.created, ph.deleted, ph.processing, false
	out["DomainProcessingStatus"] = ph.status
	out["ModifyingProperties"] = []any{}
	out["ServiceSoftwareOptions"] = map[string]any{
		"CurrentVersion": "", "NewVersion": "", "UpdateAvailable": false, "Cancellable": false, "UpdateStatus": "COMPLETED",
		"Description": "There is no software update available for this domain.", "AutomatedUpdateDate": 0.0, "OptionalDeployment": true,
	}
	status := "Completed"
	if ph.processing {
		status = "ApplyingChanges"
	}
	out["ChangeProgressDetails"] = map[string]any{"ChangeId": d.change.id, "ConfigChangeStatus": status, "InitiatedBy": "CUSTOMER", "StartTime": epoch(d.change.start), "LastUpdatedTime": epoch(now)}
	if !ph.endpoint {
		return out
	}
	if vpc, _ := d.settings["VPCOptions"].(map[string]any); vpc["SubnetIds"] != nil {
		out["Endpoints"] = map[string]any{"vpc": d.endpoint}
	} else {
		// The real service gives a bare host name that is reached by https. An endpoint with a scheme comes only from here.
		out["Endpoint"] = d.endpoint
	}
	return out
}

// config is DomainConfig: every option with its state.
func (s *Server) config(d *domain, l dialect) map[string]any {
	now := s.o.Now()
	ph := d.phase(now, s.o.Phases)
	out := map[string]any{}
	for name, value := range l.options(d) {
		option := name
		switch name {
		case l.versionField:
			option = "EngineVersion"
		case l.clusterField:
			option = "ClusterConfig"
		}
		o := d.options[option]
		state := "Active"
		if ph.processing && (d.change.initial || slices.Contains(d.change.properties, option)) {
			state = "Processing"
		}
		status := map[string]any{"CreationDate": epoch(o.created), "UpdateDate": epoch(o.updated), "UpdateVersion": o.version, "State": state, "PendingDeletion": ph.deleted}
		if name == "AutoTuneOptions" {
			status["State"] = "DISABLED"
		}
		out[name] = map[string]any{"Options": value, "Status": status}
	}
	out["ModifyingProperties"] = []any{}
	out["ChangeProgressDetails"] = map[string]any{"ChangeId": d.change.id}
	return out
}

// progress is ChangeProgressStatus.
func (s *Server) progress(d *domain) map[string]any {
	now := s.o.Now()
	stages := []string{"Validation", "Creating a new environment", "Provisioning new nodes", "Copying shards to new nodes", "Terminating older nodes", "Deleting older resources"}
	total, length := len(stages), s.o.Phases.Updating
	if d.change.initial {
		stages = []string{"Validation", "Creating a new environment", "Provisioning new nodes"}
		total, length = len(stages), s.o.Phases.Creating+s.o.Phases.Processing
	}
	done := total
	if ph := d.phase(now, s.o.Phases); ph.processing && !ph.deleted {
		done = 0
		if length > 0 {
			done = min(total-1, int(int64(total)*int64(now.Sub(d.change.start))/int64(length)))
		}
	}
	var list []any
	for i, name := range stages {
		state := "PENDING"
		switch {
		case i < done:
			state = "COMPLETED"
		case i == done:
			state = "IN_PROGRESS"
		}
		list = append(list, map[string]any{"Name": name, "Status": state, "Description": name, "LastUpdated": epoch(now)})
	}
	out := map[string]any{
		"ChangeId": d.change.id, "StartTime": epoch(d.change.start), "TotalNumberOfStages": total, "ChangeProgressStages": list,
		"InitiatedBy": "CUSTOMER", "LastUpdatedTime": epoch(now),
	}
	if done == total {
		out["Status"], out["ConfigChangeStatus"], out["CompletedProperties"], out["PendingProperties"] = "COMPLETED", "Completed", d.change.properties, []string{}
	} else {
		out["Status"], out["ConfigChangeStatus"], out["CompletedProperties"], out["PendingProperties"] = "PROCESSING", "ApplyingChanges", []string{}, d.change.properties
	}
	return out
}

// epoch is a time as the JSON protocols write it.
func epoch(t time.Time) float64 {
	const milli = 1000
	return float64(t.UnixMilli()) / milli
}
