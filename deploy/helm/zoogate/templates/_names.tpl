{{/* Name of all objects: the release's, with "zoogate" in it. */}}
{{- define "zoogate.name" -}}
{{- if contains "zoogate" .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-zoogate" .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What selects the gateways of this release. */}}
{{- define "zoogate.selector" -}}
app.kubernetes.io/name: zoogate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "zoogate.labels" -}}
{{ include "zoogate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "zoogate.secretName" -}}
{{- if .Values.secret.create -}}{{ include "zoogate.name" . }}{{- else -}}{{ .Values.secret.name }}{{- end -}}
{{- end -}}

{{- define "zoogate.image" -}}
{{- $repository := required "Set image.repository to where your image is, such as registry.example/zoogate." .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Probes ask over HTTPS when the gateways speak TLS. */}}
{{- define "zoogate.probeScheme" -}}
{{- if .Values.tls.secretName -}}, scheme: HTTPS{{- end -}}
{{- end -}}
