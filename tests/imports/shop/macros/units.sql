{% macro in_units(column, unit) -%}
    {{ return(adapter.dispatch('in_units')(column, unit)) }}
{%- endmacro %}

{% macro default__in_units(column, unit) -%}
    ({{ column }} / {{ unit }})
{%- endmacro %}

{% test not_negative(model, column_name) %}
select * from {{ model }} where {{ column_name }} < 0
{% endtest %}
