package cluster

// detect.go answers: which product and version is behind the address? It is asked once per client. Next: facts.go.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/tidwall/gjson"
)

// detection remembers who answered; a failed attempt is not remembered.
type detection struct {
	mutex sync.Mutex
	known bool
	info  Info
}

// awsClusterName is how the service names its clusters: account number, colon, domain.
var awsClusterName = regexp.MustCompile(`^[0-9]{12}:[a-z][a-z0-9-]*$`)

// Detect asks the cluster who it is. The answer is kept, so further calls cost nothing.
func (c *Client) Detect(ctx context.Context) (Info, error) {
	c.detected.mutex.Lock()
	defer c.detected.mutex.Unlock()
	if c.detected.known {
		return c.detected.info, nil
	}
	info, err := c.detect(ctx)
	if err != nil {
		return Info{}, err
	}
	c.detected.info, c.detected.known = info, true
	return info, nil
}

// Dialect gives the dialect of the cluster, asking it first where that hasn't been done.
func (c *Client) Dialect(ctx context.Context) (Dialect, error) {
	info, err := c.Detect(ctx)
	if err != nil {
		return Dialect{}, err
	}
	return DialectFor(info.Version), nil
}

func (c *Client) detect(ctx context.Context) (Info, error) {
	info := Info{AWS: strings.HasSuffix(c.base.Hostname(), ".amazonaws.com")}
	response, err := c.Do(ctx, http.MethodGet, "/", nil, nil)
	var failure *Error
	switch {
	case err == nil:
	case errors.As(err, &failure) && (failure.Status == http.StatusMethodNotAllowed || failure.Status == http.StatusForbidden ||
		failure.Status == http.StatusBadRequest || failure.Status == http.StatusNotFound):
		// A node without the module rest-root, or a user who may not see the root.
		return c.detectByNodes(ctx, info, err)
	default:
		return Info{}, err
	}
	root := gjson.ParseBytes(response.Body)
	number := root.Get("version.number").String()
	if !gjson.ValidBytes(response.Body) || number == "" {
		return c.detectByNodes(ctx, info, &Error{Method: http.MethodGet, Path: "/",
			Reason: "what answers there is neither Elasticsearch nor OpenSearch", Hint: "check the url, its port and path"})
	}
	version, err := es.ParseVersion(number)
	if err != nil {
		return Info{}, fmt.Errorf("read the cluster's version: %w", err)
	}
	info.Distribution = root.Get("version.distribution").String()
	if info.Distribution == "" {
		info.Distribution = root.Get("version.build_flavor").String()
	}
	if info.Distribution == "opensearch" || strings.Contains(root.Get("tagline").String(), "OpenSearch") {
		version.Product, info.Distribution = es.OpenSearch, "opensearch"
	}
	info.ClusterName = root.Get("cluster_name").String()
	info.ClusterUUID = root.Get("cluster_uuid").String()
	info.Version = version
	if version.Product == es.OpenSearch && version.Major == 7 {
		// compatibility.override_main_response_version makes OpenSearch say 7.10.2; the nodes tell the truth.
		byNodes, err := c.detectByNodes(ctx, info, nil)
		if err != nil {
			return Info{}, err
		}
		info.Version = byNodes.Version
	}
	if info.ClusterName == "" {
		// 1.x does not tell at its root.
		health, err := c.Health(ctx)
		if err != nil {
			return Info{}, err
		}
		info.ClusterName = health.ClusterName
	}
	info.AWS = info.AWS || awsClusterName.MatchString(info.ClusterName)
	if info.ClusterUUID == "" || info.ClusterUUID == "_na_" {
		info.ClusterUUID = c.clusterUUID(ctx)
	}
	return info, nil
}

// detectByNodes reads the version off the nodes. rootErr, when set, is what is told if that doesn't work either.
func (c *Client) detectByNodes(ctx context.Context, info Info, rootErr error) (Info, error) {
	response, err := c.Do(ctx, http.MethodGet, "/_nodes", url.Values{"filter_path": {"cluster_name,nodes.*.version,nodes.*.build_flavor,nodes.*.build_type"}}, nil)
	if err != nil {
		if rootErr != nil {
			return Info{}, rootErr
		}
		return Info{}, err
	}
	nodes := gjson.ParseBytes(response.Body)
	info.ClusterName = nodes.Get("cluster_name").String()
	oldest, seen := es.Version{}, false
	var bad error
	nodes.Get("nodes").ForEach(func(_, node gjson.Result) bool {
		version, err := es.ParseVersion(node.Get("version").String())
		if err != nil {
			bad = fmt.Errorf("read a node's version: %w", err)
			return false
		}
		// Elasticsearch has told build_type since 6.3, always with build_flavor; OpenSearch never tells a flavor.
		if node.Get("build_type").Exists() && !node.Get("build_flavor").Exists() {
			version.Product, info.Distribution = es.OpenSearch, "opensearch"
		}
		if !seen || es.Compare(version, oldest) < 0 {
			oldest, seen = version, true
		}
		return true
	})
	if bad != nil {
		return Info{}, bad
	}
	if !seen {
		if rootErr != nil {
			return Info{}, rootErr
		}
		return Info{}, errors.New("read the nodes' versions: the answer names no node")
	}
	info.Version = oldest
	info.AWS = info.AWS || awsClusterName.MatchString(info.ClusterName)
	info.ClusterUUID = c.clusterUUID(ctx)
	return info, nil
}

// clusterUUID is tolerant: 1.x knows none and AWS may refuse the call; only identity checks get weaker without it.
func (c *Client) clusterUUID(ctx context.Context) string {
	response, err := c.Do(ctx, http.MethodGet, "/_cluster/state/metadata", url.Values{"filter_path": {"metadata.cluster_uuid"}}, nil)
	if err != nil {
		return ""
	}
	uuid := gjson.GetBytes(response.Body, "metadata.cluster_uuid").String()
	if uuid == "_na_" {
		return ""
	}
	return uuid
}
