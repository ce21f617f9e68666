// This file answers: how does each protocol write a success and a refusal?

package fakeaws

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
)

// apiError is a refusal in the service's own words.
type apiError struct {
	status  int
	code    string
	message string
}

// writeJSON answers a REST-JSON call.
func writeJSON(w http.ResponseWriter, value any, requestID string) int {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Requestid", requestID)
	body, err := json.Marshal(value)
	if err != nil {
		// Only our own values come here; one that can't be marshalled is a defect of the stand-in and must be seen.
		panic("fakeaws: answer can't be written as JSON: " + err.Error())
	}
	w.Write(body)
	return http.StatusOK
}

// writeJSONError answers a REST-JSON call: the code travels in a header.
func writeJSONError(w http.ResponseWriter, e *apiError, requestID string) int {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Header().Set("X-Amzn-Errortype", e.code)
	w.WriteHeader(e.status)
	json.NewEncoder(w).Encode(map[string]string{"message": e.message})
	return e.status
}

// xmlNode is one element of a query-protocol answer.
type xmlNode struct {
	name string
	text string
	kids []xmlNode
}

func text(name, value string) xmlNode           { return xmlNode{name: name, text: value} }
func elem(name string, kids ...xmlNode) xmlNode { return xmlNode{name: name, kids: kids} }

// write appends the element.
func (n xmlNode) write(b *strings.Builder) {
	b.WriteString("<" + n.name + ">")
	if n.text != "" {
		// Writing to a strings.Builder can't fail.
		xml.EscapeText(b, []byte(n.text))
	}
	for _, k := range n.kids {
		k.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

// writeXML answers a query-protocol call.
func writeXML(w http.ResponseWriter, action, namespace, requestID string, result []xmlNode) int {
	var b strings.Builder
	b.WriteString(`<` + action + `Response xmlns="` + namespace + `">`)
	if result != nil {
		elem(action+"Result", result...).write(&b)
	}
	elem("ResponseMetadata", text("RequestId", requestID)).write(&b)
	b.WriteString(`</` + action + `Response>`)
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Write([]byte(b.String()))
	return http.StatusOK
}

// writeXMLError answers a query-protocol call with a refusal.
func writeXMLError(w http.ResponseWriter, e *apiError, requestID string) int {
	kind := "Sender"
	if e.status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	var b strings.Builder
	elem("ErrorResponse",
		elem("Error", text("Type", kind), text("Code", e.code), text("Message", e.message)),
		text("RequestId", requestID)).write(&b)
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.WriteHeader(e.status)
	w.Write([]byte(b.String()))
	return e.status
}

// writeS3Error answers an S3 call with a refusal. A HEAD has no body, so the code is lost there, as in the real service.
func writeS3Error(w http.ResponseWriter, e *apiError, requestID string) int {
	var b strings.Builder
	b.WriteString(xml.Header)
	elem("Error", text("Code", e.code), text("Message", e.message), text("RequestId", requestID)).write(&b)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("X-Amz-Request-Id", requestID)
	w.WriteHeader(e.status)
	w.Write([]byte(b.String()))
	return e.status
}
