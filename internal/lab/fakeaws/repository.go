// This file answers: how does a folder play the S3 bucket of a snapshot repository, and what does the service check before? The
// node keeps an fs repository whose settings also hold what the caller said (bucket, region, role_arn, base_path): the node
// ignores those, they survive restarts, and the way back needs nothing else.

package fakeaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	// automated is the repository of the service's own snapshots, which every domain lists.
	automated = "cs-automated"
	// snapshotService is who must be trusted by a repository's role.
	snapshotService = "es.amazonaws.com"
	// maxRepositories bounds the node's answer about one repository.
	maxRepositories = 1 << 20
)

// repositoryPath splits /_snapshot/NAME/REST; name is empty for /_snapshot itself.
func repositoryPath(path string) (name, rest string, ok bool) {
	after, ok := strings.CutPrefix("/"+strings.Trim(path, "/"), "/_snapshot")
	if !ok || after != "" && after[0] != '/' {
		return "", "", false
	}
	name, rest, _ = strings.Cut(strings.TrimPrefix(after, "/"), "/")
	return name, rest, true
}

// settings is what the caller says of an S3 repository.
type repositorySettings map[string]any

func (r repositorySettings) get(name string) string {
	if v, ok := r[name]; ok && v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// readonly tells whether nothing is written.
func (r repositorySettings) readonly() bool { return r.get("readonly") == "true" }

// region is the region S3 is asked in: said outright, or by the endpoint, or the domain's own.
func (r repositorySettings) region(home string) string {
	if region := r.get("region"); region != "" {
		return region
	}
	switch endpoint := r.get("endpoint"); {
	case endpoint == "s3.amazonaws.com":
		return "" // the global endpoint finds the bucket wherever it is
	case endpoint != "":
		if m := regexp.MustCompile(`^s3[.-]([a-z0-9-]+)\.amazonaws\.com$`).FindStringSubmatch(endpoint); m != nil {
			return m[1]
		}
	}
	return home
}

// serveRepository answers everything below /_snapshot.
func (s *Server) serveRepository(f front, who identity, name, rest string, body []byte, w http.ResponseWriter, r *http.Request) int {
	switch {
	case rest == "" && (r.Method == http.MethodPut || r.Method == http.MethodPost) && name != "":
		return s.register(f, who, name, body, w, r)
	case rest == "" && r.Method == http.MethodGet:
		if name == automated {
			return writeJSON(w, map[string]any{automated: map[string]string{"type": "s3"}}, s.requestID())
		}
		return s.forward(f, body, w, r, func(b []byte) []byte { return repositoriesAsS3(b, name == "" || name == "_all" || name == "*") })
	case name == automated && r.Method == http.MethodGet:
		return writeJSON(w, map[string]any{"snapshots": []any{}}, s.requestID())
	case rest != "":
		// Every use of a repository takes the role anew, so that a role taken away later is felt here too.
		if settings, ok := s.repositoryOf(f, name, r); ok {
			writes := r.Method != http.MethodGet && !strings.HasSuffix(rest, "/_restore")
			if answer := s.reachBucket(f, name, settings, writes && !settings.readonly()); answer != nil {
				return writeRaw(w, http.StatusInternalServerError, answer)
			}
		}
	}
	return s.forward(f, body, w, r, nil)
}

// register checks a repository as the service does and hands it to the node as a folder.
func (s *Server) register(f front, who identity, name string, body []byte, w http.ResponseWriter, r *http.Request) int {
	var asked struct {
		Type     string             `json:"type"`
		Settings repositorySettings `json:"settings"`
	}
	if json.Unmarshal(body, &asked) != nil || asked.Type != "s3" {
		return writeMessage(w, &apiError{http.StatusUnauthorized, "", fmt.Sprintf("Your request: '%s' payload is not allowed.", r.URL.Path)})
	}
	role := asked.Settings.get("role_arn")
	if role == "" {
		// elastic/curator #1416
		return writeMessage(w, &apiError{http.StatusBadRequest, "", "settings.role_arn is needed for snapshot registration."})
	}
	s.mu.Lock()
	own := policiesOf(who.entity)
	s.mu.Unlock()
	pass := access{principal: who.principal(), action: "iam:PassRole", resource: role, context: map[string]string{"iam:passedtoservice": snapshotService}}
	if evaluate(own, pass) != allowed {
		return writeMessage(w, &apiError{http.StatusForbidden, "", fmt.Sprintf("User: %s is not authorized to perform: iam:PassRole on resource: %s", who.name(), role)})
	}
	if answer := s.reachBucket(f, name, asked.Settings, !asked.Settings.readonly()); answer != nil {
		return writeRaw(w, http.StatusInternalServerError, answer)
	}
	location, err := s.location(asked.Settings)
	if err != nil {
		return writeRaw(w, http.StatusInternalServerError, nodeError("repository_exception", fmt.Sprintf("[%s] %s", name, err)))
	}
	asked.Settings["location"] = location
	changed, err := json.Marshal(map[string]any{"type": "fs", "settings": asked.Settings})
	if err != nil {
		return writeRaw(w, http.StatusInternalServerError, nodeError("repository_exception", err.Error()))
	}
	return s.forward(f, changed, w, r, nil)
}

// location is the folder of a repository: base_path under the bucket's folder.
func (s *Server) location(settings repositorySettings) (string, error) {
	base := filepath.FromSlash(strings.Trim(settings.get("base_path"), "/"))
	if base == "" {
		base = "."
	}
	if !filepath.IsLocal(base) {
		return "", fmt.Errorf("base_path [%s] leaves the bucket", settings.get("base_path"))
	}
	return filepath.Join(s.o.S3Root, settings.get("bucket"), base), nil
}

// reachBucket takes the role and tries the bucket as the node would with the real S3 behind it; nil means that all is well,
// else it is the node's error document. S3's errors inside verification errors are those of elasticsearch #21289 and
// elasticsearch-cloud-aws #292; the words about the role are recalled, and may differ by version.
func (s *Server) reachBucket(f front, name string, settings repositorySettings, writes bool) []byte {
	arn, bucket := settings.get("role_arn"), settings.get("bucket")
	s.mu.Lock()
	role := s.people.roleByARN(arn, s.o.Now())
	var trust []policy
	if role != nil {
		if p, err := trustPolicy(role.trust); err == nil {
			trust = append(trust, p)
		}
	}
	own := policiesOf(role)
	s.mu.Unlock()
	who := access{principal: "Service:" + snapshotService, action: "sts:AssumeRole", context: map[string]string{"aws:sourceaccount": s.o.Account, "aws:sourcearn": f.arn}}
	if role == nil || evaluateResource(trust, who) != allowed {
		return nodeError("a_w_s_security_token_service_exception", fmt.Sprintf(
			"a_w_s_security_token_service_exception: User: arn:aws:sts::000000000000:assumed-role/cp-sts-grant-role/swift-%s-prod-%s is not authorized to perform: sts:AssumeRole on resource: %s (Service: AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied; Request ID: %s)",
			s.o.Region, s.o.Account, arn, s.requestID()))
	}
	fail := func(status int, code, text string) []byte {
		inner := fmt.Sprintf("amazon_s3_exception: %s (Service: Amazon S3; Status Code: %d; Error Code: %s; Request ID: %s)", text, status, code, s.requestID())
		return verificationError(name, settings.get("base_path"), inner)
	}
	if !s.bucketExists(bucket) {
		return fail(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	}
	home, asked := s.bucketRegion(bucket), settings.region(s.o.Region)
	if asked != "" && asked != home {
		if asked == "us-east-1" {
			return fail(http.StatusBadRequest, "AuthorizationHeaderMalformed", fmt.Sprintf("The authorization header is malformed; the region 'us-east-1' is wrong; expecting '%s'", home))
		}
		return fail(http.StatusMovedPermanently, "PermanentRedirect", textRedirect)
	}
	needs := []string{"s3:GetObject"}
	if writes {
		needs = append(needs, "s3:PutObject", "s3:DeleteObject")
	}
	object := "arn:aws:s3:::" + bucket + "/" + strings.TrimPrefix(strings.Trim(settings.get("base_path"), "/")+"/", "/") + "index-0"
	held := evaluate(own, access{action: "s3:ListBucket", resource: "arn:aws:s3:::" + bucket}) == allowed
	for _, action := range needs {
		held = held && evaluate(own, access{action: action, resource: object}) == allowed
	}
	if !held {
		return fail(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	return nil
}

// repositoryOf asks the node for the settings of a repository that plays S3.
func (s *Server) repositoryOf(f front, name string, r *http.Request) (repositorySettings, bool) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, f.nodeURL+"/_snapshot/"+url.PathEscape(name), nil)
	if err != nil {
		return nil, false
	}
	res, err := s.transport.RoundTrip(req)
	if err != nil {
		return nil, false // the request itself meets the same node and tells
	}
	defer res.Body.Close()
	var all map[string]struct {
		Type     string
		Settings repositorySettings
	}
	if res.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(res.Body, maxRepositories)).Decode(&all) != nil {
		return nil, false
	}
	found, ok := all[name]
	return found.Settings, ok && found.Settings.get("role_arn") != ""
}

// repositoriesAsS3 rewrites the node's answer to GET /_snapshot, and adds the service's own repository to a list of all.
func repositoriesAsS3(b []byte, all bool) []byte {
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var doc map[string]any
	if decoder.Decode(&doc) != nil || doc == nil || doc["error"] != nil && doc["status"] != nil {
		return b
	}
	showAsS3(doc)
	if all {
		doc[automated] = map[string]string{"type": "s3"}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return b // what was just decoded can be written; the plain answer is better than none
	}
	return out
}

// showAsS3 turns folders that play S3 back into what the caller registered.
func showAsS3(repositories map[string]any) {
	for _, entry := range repositories {
		repository, _ := entry.(map[string]any)
		settings, _ := repository["settings"].(map[string]any)
		if repository["type"] != "fs" || repositorySettings(settings).get("role_arn") == "" {
			continue
		}
		repository["type"] = "s3"
		delete(settings, "location")
	}
}

// nodeError is an error document as a node writes it.
func nodeError(kind, reason string) []byte {
	cause := map[string]any{"type": kind, "reason": reason}
	return errorDocument(cause, cause)
}

// verificationError is the node's answer when it can't reach a repository's bucket.
func verificationError(name, base, inner string) []byte {
	var path strings.Builder
	for part := range strings.SplitSeq(strings.Trim(base, "/"), "/") {
		if part != "" {
			path.WriteString("[" + part + "]")
		}
	}
	cause := map[string]any{"type": "repository_verification_exception", "reason": fmt.Sprintf("[%s] path %s is not accessible on master node", name, path.String())}
	full := map[string]any{"type": cause["type"], "reason": cause["reason"], "caused_by": map[string]any{
		"type": "i_o_exception", "reason": "Unable to upload object " + strings.Trim(base, "/") + "/tests-hikkoshi/master.dat-temp",
		"caused_by": map[string]any{"type": "amazon_s3_exception", "reason": inner},
	}}
	return errorDocument(cause, full)
}

func errorDocument(root, full map[string]any) []byte {
	out := map[string]any{"status": http.StatusInternalServerError}
	document := map[string]any{"root_cause": []any{root}}
	for k, v := range full {
		document[k] = v
	}
	out["error"] = document
	b, err := json.Marshal(out)
	if err != nil {
		panic("fakeaws: error document can't be written: " + err.Error()) // only our own strings come here
	}
	return b
}

func writeRaw(w http.ResponseWriter, status int, body []byte) int {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	w.Write(body)
	return status
}
